"""A simulated WhatsApp: the server that unmodified clients link to, and the phones behind the accounts.

sandbox        starts and stops it all            · world       what the parts share
server, connection, registration   sockets, login, linking · queries     answers to ``iq`` stanzas, a table
routing        messages, receipts, offline queue  · groups      who is in which group
record         what passed, nothing decrypted     · faults      what shall go wrong
mediahost      encrypted files over HTTPS         · media       the files themselves

phone          a simulated phone                  · phonekeys   its keys and sessions
linking        by QR or code                      · phonestate  what it shares with its devices
history        the chats it had before            · statedelivery  how it hands out what it shares
passkeylink    with an account that has a passkey · authenticator  the passkey, its owner and its check
inbox, content what it shows                      · outbox      what it sends, and sends again
behaviour      what its owner can set             · api         all of it by HTTP (apimodels, numbers, errors)

It checks every signature that a client sends, and it outlives what links to it.
"""
