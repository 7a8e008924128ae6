"""Waits that end by the clock they are given."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from wagate.core.clock import Clock

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns, if it does so within ``seconds`` of ``clock``; otherwise it is cancelled.

    :raises TimeoutError: if it took longer.
    """
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        await end(task, alarm)


async def over(*tasks: "asyncio.Future[Any]") -> None:
    """Return when the tasks are over, however they ended, without ending them."""
    await asyncio.wait(tasks)


async def end(*tasks: "asyncio.Future[Any] | None") -> None:
    """Cancel tasks and wait until they are gone. What they raise is not raised here."""
    started = [task for task in tasks if task is not None]
    for task in started:
        task.cancel()
    if started:
        await asyncio.gather(*started, return_exceptions=True)
