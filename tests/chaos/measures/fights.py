"""R5: of 100 that claim one session at the same moment one wins, every time, and the former owner can't write."""

import argparse
from collections.abc import Callable

from tests.chaos.fights import fights_for, wanted_session
from tests.chaos.stores import Postgres
from wagate.storage import schema

_CLAIMERS = 100
_TELL_EVERY = 100


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    async with Postgres() as postgres:
        await schema.migrate(postgres.url)
        session = await wanted_session(postgres.url)
        async with fights_for(postgres.url, session, _CLAIMERS) as fights:
            for number in range(arguments.fights):
                await fights.fight()
                if (number + 1) % _TELL_EVERY == 0:
                    say(f"{number + 1} fights")
    won = ", ".join(f"{count} times {winners}" for winners, count in sorted(fights.winners.items()))
    return (
        f"## R5: {fights.fights} fights of {_CLAIMERS} claimers for one session\n\n"
        "Each claimer has a connection of its own; all begin at a barrier. Goal: no two owners, no stale write.\n\n"
        f"- winners of a fight: {won}\n"
        f"- writes with the epoch of the owner before: {fights.refused} refused, {fights.accepted_stale} accepted\n"
    )
