"""Messages: accepted, sent, received, and what became of them.

::

    model.py      Message, and the table of its statuses
    recipient.py  whom "to" means
    kinds/        one file for each kind of message: its request, its protobuf, how it is read
    store.py      the tables · rows.py what is in a row
    payload.py    the protobuf at rest
    service/      send.py accepts (sources.py: the file of a request) · outbox.py sends (files.py: its file) ·
                  receive.py takes in (addresses.py: whose it is) · query.py looks up
    jobs.py       forgets what is old
    requests.py   bodies that come in · bodies.py those that go out · api.py the routes
"""
