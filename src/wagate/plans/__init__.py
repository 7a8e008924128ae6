"""What an account may use: its **plan**, and how much of it is used.

``tally.py`` counts within the transactions of the features that use something up; it is exact under concurrency, also
over several gateways, because the database's rows are what counts.
"""
