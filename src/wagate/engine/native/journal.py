"""Output commit: what a link changes it sees at once itself, and the world only once it is stored.

Every operation leaves its whole change here (ratchet, pre-key, chain, inbox row) in one synchronous stretch. Changes
are stored in batches, one at a time; what gathers meanwhile forms the next. Frames for WhatsApp pass through
:meth:`Journal.when_durable` and so wait, in order, for everything recorded before them: a message for its ratchet
step, a receipt for its inbox row, a pre-key upload for the private keys. If a batch is refused, nothing that depended
on it has left, and the link is over.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from wagate.core.clock import Clock
from wagate.engine.points import Reach
from wagate.engine.store import KeyChange, NewArrival

#: Stores a batch, all or none; raises if that fails.
Commit = Callable[[Sequence[KeyChange], Sequence[NewArrival]], Awaitable[None]]

#: What was recorded is stored within milliseconds. A worker closes its sockets 3 s before its leases end.
_SETTLE_SECONDS = 1.0


class Refused(Exception):
    """The batch could not be stored: another owner rules, or the database is away."""


class _Batch:
    __slots__ = ("arrivals", "origins", "values")

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], bytes | None] = {}
        self.arrivals: list[NewArrival] = []
        self.origins: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.values or self.arrivals)


class Journal:
    """The changes of one link on their way to the store."""

    __slots__ = (
        "_commit",
        "_durable",
        "_flying",
        "_gathering",
        "_number",
        "_on_arrived",
        "_on_refused",
        "_over",
        "_reach",
        "_task",
        "_waiting",
    )

    def __init__(
        self,
        commit: Commit,
        *,
        on_refused: Callable[[Exception], None],
        on_arrived: Callable[[], None],
        reach: Reach | None = None,
    ) -> None:
        self._commit = commit
        self._on_refused = on_refused
        self._on_arrived = on_arrived
        self._reach = reach
        self._gathering = _Batch()
        self._flying: _Batch | None = None
        #: The number of the batch that gathers now; batches up to ``_durable`` are stored.
        self._number = 1
        self._durable = 0
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._over = False

    # -- recording

    def put(self, kind: str, key: str, value: bytes | None, origin: str = "") -> None:
        """Record a value, ``None`` to delete it. ``origin`` names the operation for tests: encrypted, decrypted.

        :raises Refused: if the link is over.
        """
        if self._over:
            raise Refused
        self._gathering.values[kind, key] = value
        if origin and self._reach is not None:
            self._gathering.origins.add(origin)
            self._reach(origin)
        self._start()

    def arrive(self, arrival: NewArrival) -> None:
        """Record an inbox row, in the batch of what was recorded in the same stretch.

        :raises Refused: if the link is over.
        """
        if self._over:
            raise Refused
        self._gathering.arrivals.append(arrival)
        self._start()

    def pending(self, kind: str, key: str) -> tuple[bytes | None] | None:
        """The value as far as it is not stored yet, in a tuple; ``None`` if nothing is pending for it."""
        for batch in (self._gathering, self._flying):
            if batch is not None and (kind, key) in batch.values:
                return (batch.values[kind, key],)
        return None

    def pending_plaintext(self, digest: bytes) -> bytes | None:
        """The plaintext of a row that is not stored yet."""
        for batch in (self._gathering, self._flying):
            for row in batch.arrivals if batch is not None else ():
                if row.digest == digest:
                    return row.plaintext
        return None

    @property
    def backlog(self) -> int:
        """How much waits for the batch after the one under way."""
        return len(self._gathering.values) + len(self._gathering.arrivals)

    # -- waiting

    def when_durable(self, run: Callable[[], None]) -> None:
        """Run once all that was recorded so far is stored, in the order of the calls; never if it is refused."""
        if self._over:
            return
        newest = self._newest()
        if newest <= self._durable and not self._waiting:
            run()
        else:
            self._waiting.append((newest, run))

    async def settled(self) -> None:
        """Return once all that was recorded so far is stored.

        :raises Refused: if it is refused.
        """
        stored = asyncio.Event()
        self.when_durable(stored.set)
        while not stored.is_set():
            if self._over or self._task is None:
                raise Refused
            # Whatever is waited for, the task that stores it lets go or gives up.
            await asyncio.wait((self._task,))

    async def settled_or_else(self, clock: Clock, too_late: Callable[[], None]) -> None:
        """As :meth:`settled`, and call ``too_late`` if that takes long: a database that is away must not keep a socket
        open, since by the end of the lease another owner has one.
        """
        settled = asyncio.ensure_future(self.settled())
        late = asyncio.ensure_future(clock.sleep(_SETTLE_SECONDS))
        await asyncio.wait((settled, late), return_when=asyncio.FIRST_COMPLETED)
        late.cancel()
        if not settled.done():
            too_late()
        await settled

    def end(self) -> None:
        """Take nothing more and let nothing more out."""
        self._over = True
        self._waiting.clear()

    # -- storing

    def _newest(self) -> int:
        return self._number if self._gathering else self._number - 1

    def _start(self) -> None:
        if self._task is None or self._task.done():
            # It begins in the loop's next turn: the copies of a message for several devices share a batch.
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._gathering and not self._over:
            batch, self._gathering = self._gathering, _Batch()
            self._flying, number = batch, self._number
            self._number += 1
            changes = [KeyChange(kind=kind, key=key, value=value) for (kind, key), value in batch.values.items()]
            try:
                await self._commit(changes, batch.arrivals)
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing may leave that depends on it
                self.end()
                self._on_refused(error)
                return
            self._flying, self._durable = None, number
            if self._reach is not None:
                for origin, point in (("encrypted", "committed"), ("decrypted", "stored")):
                    if origin in batch.origins:
                        self._reach(point)
            if any(not row.hidden for row in batch.arrivals):
                self._on_arrived()
            while self._waiting and self._waiting[0][0] <= number:
                self._waiting.popleft()[1]()
