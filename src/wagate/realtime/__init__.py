"""What happens, as it happens: server-sent events and Socket.IO, both resume where they broke off.

A stream is a cursor on the event log. The bus only says that there is something to read, so a slow reader costs no
memory and a lost wake-up costs at most the time until the next keep-alive.

==============  ==================================================================================================
service         reading the log for many streams at once
model           what one stream wants to hear
packets         Socket.IO's packets, as they stand on the wire
api             the routes
==============  ==================================================================================================
"""
