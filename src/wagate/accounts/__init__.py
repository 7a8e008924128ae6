"""Tenants: an **account** owns users, keys and all that features store; a **user** is a person who logs in, with a role
in one account; a **key** is what a program shows to the API.

==============  ==================================================================================================
keys            the form of a key
tokens          the token of a log-in
passwords       what is kept of a password
attempts        how often somebody may try one
admin           how the first administrator comes to be
==============  ==================================================================================================
"""
