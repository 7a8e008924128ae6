"""The append-only log: every feature writes what happened, everyone who tells it reads here.

An event is appended in the transaction that changes the state, so there is neither a change without its event nor an
event without its change. ``seq`` is the order of commits, and a reader is a cursor: webhooks, streams and
``GET /api/events`` differ only in who holds it. The bus says that there is something new, never what.
"""
