"""Measurements against bare Baileys in one run, on one machine, on one sandbox: `make bench`."""
