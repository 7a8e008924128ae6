"""What programs that serve have in common: how they begin, and how they are asked to end."""

import asyncio
import gc
import signal
from collections.abc import Coroutine, Sequence
from typing import Any

from wagate.core.errors import StartupError
from wagate.core.settings import MIN_TOKEN_LENGTH, Settings


def stop_signal() -> asyncio.Event:
    """Set when the process gets SIGTERM or SIGINT."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked


def spare_what_stays() -> None:
    """Keep modules and services, which live as long as the process, out of the collector's later rounds.

    Each full round went through 150,000 of them and stopped everything for 0.1 to 0.2 s.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


async def first(*works: Coroutine[Any, Any, object]) -> None:
    """Return when the first of them ends, with its failure if it has one."""
    tasks = [asyncio.create_task(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await cancel(tuple(pending))
    for task in done:
        task.result()


async def cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def check_fleet_settings(settings: Settings) -> None:
    """See that a process has what it needs to be one of many.

    :raises StartupError: naming what is missing.
    """
    if not settings.database_url.startswith(("postgres:", "postgresql")):
        raise StartupError(
            "several processes need PostgreSQL", "set WAGATE_DATABASE_URL; `wagate up` needs nothing and is one process"
        )
    if not settings.redis_url.get_secret_value():
        raise StartupError("several processes wake each other over Redis or Valkey", "set WAGATE_REDIS_URL")
    if not settings.s3_endpoint:
        raise StartupError("several processes need one place for files", "set WAGATE_S3_ENDPOINT and its keys")
    if not settings.secret_keys.get_secret_value().strip():
        raise StartupError(
            "several processes need one key ring", "set WAGATE_SECRET_KEYS to the same value for all of them"
        )
    if len(settings.worker_token.get_secret_value()) < MIN_TOKEN_LENGTH:
        raise StartupError(
            f"WAGATE_WORKER_TOKEN must have at least {MIN_TOKEN_LENGTH} characters",
            "make one up at random; it is the same for gateways and workers",
        )
