"""Where things are kept, without knowing any feature: database, blobs, bus, data folder.

::

    database.py   one writer thread that commits in groups, a few reader threads; SQLite or PostgreSQL
    dialect.py    the small named questions on which the two databases differ
    types.py      column types: moments, JSON, row numbers
    schema.py     the version of the database's tables, and bringing it up to date
    canary.py     proof that the key ring belongs to the database
    datadir.py    the data folder: its lock, its key file
    occupancy.py  who may use a PostgreSQL database together
    blobs.py      files by key: in a folder, in a bucket (bucket.py), or in memory
    rates.py      how often something happened within a window of time; sharedrates.py for all processes, in Redis
    bus.py        wake-ups between tasks of one process, and values that expire
    redis.py      the same between processes
"""
