"""Files: uploaded by customers, sent to WhatsApp's media hosts, fetched from there, served.

A **file** is one row and one blob. Ours are ``ready`` when the row is made. Others' come as a **remote file** (keys and
hashes inside a message): the row is ``pending`` until the bytes are here and match both hashes, or ``failed``.

::

    model.py     Media, RemoteFile, Upload; which states there are
    sniff.py     what the first bytes say a file is
    picture.py   size and thumbnail of a picture, without decoding bombs
    store.py     the tables
    service/     library.py keep and serve, also by URL · hosts.py WhatsApp's media hosts · incoming.py others' files
    multipart.py forms as they come in · http_range.py parts of a file · sealing.py keys of files at rest
    jobs.py      fetching what others sent
    api.py       upload and download over HTTP
"""
