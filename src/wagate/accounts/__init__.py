"""Tenants: an **account** owns users, keys and all that features store; a **user** is a person who logs in, with a role
in one account; a **key** is what a program shows to the API.

``keys.py`` is the form of a key, ``admin.py`` how the first administrator comes to be.
"""
