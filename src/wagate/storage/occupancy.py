"""Who may use a PostgreSQL database together: one process alone, or many that share.

`wagate up` keeps in its memory what gateways and workers tell each other, so nobody else may use it meanwhile.
Each process holds an advisory lock, exclusive or shared, on a connection of its own for as long as it runs; the server
lets go of it when the connection ends, however the process did. (A pooler between them must not share connections
between transactions.) SQLite has one process anyway, which the data folder's lock sees to.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.logging import get_logger
from wagate.storage.connect import describe, parse_url, sqlite_path, writer_engine

#: Any number that nothing else on the server uses: "wagateup" in ASCII.
_LOCK: Final = int.from_bytes(b"wagateup", "big")
_ALONE: Final = text(f"SELECT pg_try_advisory_lock({_LOCK})")
_TOGETHER: Final = text(f"SELECT pg_try_advisory_lock_shared({_LOCK})")
#: A client that vanished without a word is noticed by the server after 20 s and not after two hours.
_NOTICE: Final = text(
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2; "
    "SET tcp_user_timeout = 10000"
)

#: How often the connection is looked at.
_LOOK_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 0.5
#: A process that was killed a moment ago may still be on its way out.
_START_PATIENCE: Final = 3.0
#: After a broken network the server may keep our own old connection for the 20 s above.
_PATIENCE: Final = 30.0

T = TypeVar("T")

_log = get_logger("storage.occupancy")


class DatabaseTaken(StartupError):
    """Another wagate process uses this database, and the two can't share it."""

    code = "database_taken"


class Occupancy:
    """The right to use a database, from :meth:`alone` or :meth:`together` until :meth:`close`."""

    def __init__(self, url: str, clock: Clock, *, alone: bool) -> None:
        self._clock = clock
        self._statement = _ALONE if alone else _TOGETHER
        self._others = "a gateway, worker or `wagate up`" if alone else "`wagate up`"
        self._engine = None if sqlite_path(parse_url(url)) is not None else writer_engine(url)
        self._connection: Connection | None = None
        # One thread, so that a look that was cancelled is over before the connection is closed.
        self._thread = ThreadPoolExecutor(1, "occupancy")

    @classmethod
    async def alone(cls, url: str, clock: Clock) -> Self:
        """Use the database while nobody else does.

        :raises DatabaseTaken: if somebody does. :raises StartupError: if it can't be opened.
        """
        return await cls(url, clock, alone=True)._start()

    @classmethod
    async def together(cls, url: str, clock: Clock) -> Self:
        """Use the database beside others that do so together.

        :raises DatabaseTaken: if somebody uses it alone. :raises StartupError: if it can't be opened.
        """
        return await cls(url, clock, alone=False)._start()

    async def close(self) -> None:
        """Let others use the database."""
        await self._run(self._let_go)
        self._thread.shutdown(wait=False)

    async def watch(self) -> None:
        """See to it that the database stays ours, also after it was away. Runs until cancelled.

        :raises DatabaseTaken: if somebody else got hold of it meanwhile; this process must end then.
        """
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            if not await self._run(self._holds):
                _log.warning("the connection that holds the database for this process was lost")
                await self._take_again()
                _log.info("this process holds the database again")

    async def _start(self) -> Self:
        try:
            if not await self._taken_within(_START_PATIENCE):
                raise self._refusal()
        except SQLAlchemyError as error:
            await self.close()
            raise StartupError(f"the database cannot be opened: {describe(error)}") from error
        except BaseException:
            # Cancellation too: nobody will have it to close.
            await self.close()
            raise
        return self

    async def _take_again(self) -> None:
        while True:
            try:
                if await self._taken_within(_PATIENCE):
                    return
            except SQLAlchemyError:
                # It is away for everybody; whoever comes back first is found out then.
                await self._clock.sleep(_AGAIN_SECONDS)
            else:
                raise self._refusal()

    async def _taken_within(self, seconds: float) -> bool:
        deadline = self._clock.monotonic() + seconds
        while not await self._run(self._take):
            if self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(_AGAIN_SECONDS)
        return True

    def _refusal(self) -> DatabaseTaken:
        return DatabaseTaken(
            "another wagate process uses this database",
            hint=f"stop {self._others} first, or give this one a database of its own (WAGATE_DATABASE_URL)",
        )

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # -- on the thread

    def _take(self) -> bool:
        if self._engine is None:
            return True
        self._let_go()
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            connection.execute(_NOTICE)
            if connection.execute(self._statement).scalar_one():
                self._connection = connection
                return True
        finally:
            if self._connection is None:
                connection.close()
        return False

    def _holds(self) -> bool:
        if self._engine is None:
            return True
        try:
            return self._connection is not None and self._connection.execute(text("SELECT 1")).scalar_one() == 1
        except SQLAlchemyError:
            self._let_go()
            return False

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
