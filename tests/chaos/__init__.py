"""A whole fleet under load and under every kind of fault, judged by what the sandbox, phones and receivers recorded.

relay.py      TCP between one process and one server, and what can befall it
balancer.py   the load balancer in front of the gateways
stores.py     PostgreSQL with fsync, and S3, as programs that can be taken away
fleet.py      gateways and workers, each with relays, an order to crash and a clock of its own
traffic.py    tenants, their load in both directions, and careful clients
crowd.py      many quiet sessions beside the load
fights.py     many claimers of one session
evidence.py   what others recorded, and the ten invariants over it
faults/       the faults, by what they befall
campaign.py   draws faults from a seed, waits for recovery, judges
measures/     goals R5, R6, R8, R12, R14 and R15 as numbers
report.py     what was found, as a table and as markdown
run.py        the command
"""
