"""What happens, as it happens: server-sent events that resume where they broke off.

A stream is a cursor on the event log. The bus only says that there is something to read, so a slow reader costs no
memory and a lost wake-up costs at most the time until the next keep-alive.
"""
