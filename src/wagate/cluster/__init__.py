"""Many machines: which workers there are, who hosts which session, and how a gateway reaches the worker of one.

    model.py     workers and their states
    store.py     the tables of workers and duties
    service/     registry.py   register, heartbeat, drain; who lives
                 duties.py     what one process of all does, such as placing and posting webhooks
                 placing.py    sessions to workers: the least loaded first, the dead's elsewhere, evenly when some join
                 calls.py      HTTP to a worker: token, deadline, request id, circuit breaker
                 routes.py     which worker has a session
                 remote.py     connections that another process holds, as requests use them
                 handover.py   telling a worker that there is something to send
    api.py       what workers call, and what those who run the fleet ask for

The database is the authority for all of it: leases, workers, duties. What goes over HTTP or Redis only makes it quick.
"""
