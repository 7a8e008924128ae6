"""The migrations, `<number>_<what>.py`, each one transaction; none is changed once it was released."""
