"""The process that hosts sessions.

::

    supervisor.py   claims sessions, keeps their leases, starts and stops an actor for each
    actor.py        one session: connects, reacts to what happens, reconnects
    inbox.py        takes in what arrived, in order, and sets aside what can't be taken in
    backoff.py      when to try again, and how many may try at once
    ports.py        what the features above have to offer the worker
    compose.py      the worker of a runtime
"""
