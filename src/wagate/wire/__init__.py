"""WhatsApp Web's protocol, written for both ends of it: the sandbox answers with it, the native engine asks with it.

jid, node      addresses and stanzas            · codec, tokens   their binary form
noise, certs   the handshake and its chain      · framing         the three-byte lengths
keys, cbc      Curve25519 pairs, XEdDSA, AES    · signal, senderkeys   one-to-one and group encryption
ratchet        one session, step by step        · ciphertext      what a ciphertext shows without keys
adv, pairing   linking a device by QR or code   · media           encrypted files
appstate       synchronised settings            · proto           protobuf messages (generated)

Nothing here does input or output or reads a clock; randomness comes in by argument.
"""
