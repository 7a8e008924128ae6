"""Input that nobody of good will would send: no crash, no hang, and no harm to neighbours.

Every input comes from a seed and its number, so one that failed can be had again.
"""
