"""How the tables came to be: one file per change in ``versions/``, numbered. Made by ``scripts/new_migration.py``."""
