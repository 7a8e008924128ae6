"""A session: one linked WhatsApp device, from its creation over linking and reconnecting to its end.

::

    model.py       the state table, the reaction to each disconnect code, the frozen Session
    store.py       the table, and every statement on it
    transition.py  one step of the state table: row and event in one transaction
    service.py     what customers ask for: create, connect, disconnect, log out, delete
    moving.py      keys that come from another engine, or from another program
    linking.py     what a customer needs to link a phone: the QR code, the pairing code, the passkey
    codes.py       the codes on show, which are never written to the database
    hosting.py     what a worker does: claim, renew, record, release
    links.py       where requests find the open engine session
    qr.py          a QR code as PNG, SVG or text
    phone.py       phone numbers in any common spelling
    proxy.py       the proxy a session connects through
    waiting.py     waits that end by the clock they are given
    api.py         the routes

**desired** is what the customer wants, **status** is what is. A **lease** is a worker's right to host a session; its
**epoch** only rises, and a write that carries an old one is refused.
"""
