"""A database that says nothing: its connections stand, and no answer comes.

Somebody who waits for an answer over HTTP is told so within two seconds, as if the database were away. Sessions and
jobs wait: what they have asked for may still happen, and they could not go on without knowing. A slow answer is not
silence: before anybody is told, the server is asked over a connection of its own.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from wagate.core.logging import get_logger

#: With the next, the two seconds that an answer may take that says that there is none.
_NOTICE_SECONDS: Final = 0.8
#: A server with something else to do greets a connection within some tens of milliseconds.
_GREETING_SECONDS: Final = 0.9

_log = get_logger("storage")
_answering: ContextVar[bool] = ContextVar("answering", default=False)


@contextmanager
def answering() -> Iterator[None]:
    """What is asked of the database within is for somebody who waits for an answer."""
    former = _answering.set(True)
    try:
        yield
    finally:
        _answering.reset(former)


def is_answering() -> bool:
    """Whether somebody waits for an answer to what runs now."""
    return _answering.get()


class Silence:
    """Whether a server answers, found out when somebody has waited for a while."""

    def __init__(self, engine: Engine) -> None:
        """``engine`` makes a connection each time it is asked for one."""
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "wagate-silence")
        self._asking: asyncio.Task[bool] | None = None
        self._noticed = False

    async def outlasts(self, answer: asyncio.Future[Any]) -> bool:
        """Wait for ``answer``; ``True`` if the server has fallen silent before it came."""
        try:
            while not (await asyncio.wait({answer}, timeout=_NOTICE_SECONDS))[0]:
                if await self._is_silent() and not answer.done():
                    return True
        except asyncio.CancelledError:
            answer.cancel()
            raise
        return False

    def close(self) -> None:
        """Ask no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _is_silent(self) -> bool:
        # All that wait share one question.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._greet)
        except TimeoutError:
            silent = True
        except SQLAlchemyError:
            # It is away; whoever waits is told by their own connection.
            silent = False
        else:
            silent = False
        if silent is not self._noticed:
            self._noticed = silent
            _log.warning("the database does not answer" if silent else "the database answers again")
        return silent

    def _greet(self) -> None:
        with self._engine.connect():
            pass
