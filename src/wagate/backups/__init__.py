"""Encrypted backups of sessions, and what guards against a database that went back in time.

What a backup holds can be used again: nothing in it counts on towards a peer (`engine.moving.burning`).
"""
