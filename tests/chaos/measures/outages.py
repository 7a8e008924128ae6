"""R12: PostgreSQL is away for 30 s, Redis is flushed, S3 is away for ten minutes, under load."""

import argparse
from collections.abc import Callable

from tests.chaos.measures.under_load import named, struck


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    names = ["PostgreSQL away", "PostgreSQL silent", "PostgreSQL restarted", "Redis flushed", "Redis killed", "S3 away"]
    found = await struck(arguments, say, named(*names), at_length=arguments.at_length)
    away = "30 s (S3: 600 s)" if arguments.at_length else "6 s (S3: 8 s)"
    return (
        f"## R12: stores are away for {away}, under load\n\n"
        "Goal: nothing lost or doubled, 503 within 2 s, full rate within 5 s of the return.\n\n" + found
    )
