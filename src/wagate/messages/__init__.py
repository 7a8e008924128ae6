"""Messages: accepted, sent, received, and what became of them.

::

    model.py      Message, and the table of its statuses
    recipient.py  whom "to" means
    kinds/        one file for each kind of message: its request, its protobuf, how it is read
    store.py      the tables
    payload.py    the protobuf at rest
    service/      send.py accepts · outbox.py sends · receive.py takes in · query.py looks up
    jobs.py       forgets what is old
    requests.py   bodies that come in · bodies.py those that go out · api.py the routes
"""
