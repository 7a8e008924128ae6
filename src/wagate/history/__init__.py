"""The chats that an account had before it was linked, as its phone hands them over.

The phone sends *notices*; each announces one *chunk* of history, inside itself or on WhatsApp's media hosts. A notice
is written down when it arrives and read afterwards, beside everything else, until its chunk was read to the end or is
set aside. Reading a chunk again changes nothing: messages that are there already are left as they are.
"""
