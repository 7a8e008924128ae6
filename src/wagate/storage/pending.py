"""The loop of a job whose queue is rows that wait for their time: look, start what is due, be woken, look again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.storage.bus import Bus

#: A wake-up can get lost and a session can come online: look at least this often.
LOOK_SECONDS: Final = 15.0
#: After what went wrong for no reason that is known, so that a full disk makes no storm.
AFTER_ERROR_SECONDS: Final = 5.0
_TIDY_SECONDS: Final = 3600.0


async def work_off(
    topic: str,
    *,
    start_due: Callable[[], Awaitable[None]],
    tidy: Callable[[], Awaitable[object]],
    running: Mapping[Any, asyncio.Task[None]],
    bus: Bus,
    clock: Clock,
    log: FilteringBoundLogger,
) -> None:
    """Call ``start_due`` whenever ``topic`` is published, and every so often; ``tidy`` now and then. What it starts are
    the tasks in ``running``, which are cancelled and waited for when this is.
    """
    tidied = -_TIDY_SECONDS
    with bus.subscribe(topic) as news:
        try:
            while True:
                news.drain()
                try:
                    await start_due()
                    if clock.monotonic() - tidied >= _TIDY_SECONDS:
                        tidied = clock.monotonic()
                        await tidy()
                except Unavailable as error:
                    log.warning("a job waits for the database", code=error.code)
                    await clock.sleep(AFTER_ERROR_SECONDS)
                else:
                    await news.next(LOOK_SECONDS)
        finally:
            left = list(running.values())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
