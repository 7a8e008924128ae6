"""Counting: a reader of the event log that adds up what it reads.

The counts of a stretch of the log and the cursor past it are one commit, and the cursor moves only from where this
reader found it. So each event is counted once, though readers die, and though several processes count at the same time.
"""

from collections.abc import Collection, Sequence
from typing import Final

from wagate.core.clock import Clock
from wagate.events.service import EventLog
from wagate.storage.database import Database, Tx
from wagate.usage import store
from wagate.usage.model import tally

#: Events read at a time.
BATCH: Final = 1000
#: Counts may be so late. What comes in between is counted together, which spares those who send the processor.
_PAUSE_SECONDS: Final = 2.0
#: A wake-up may get lost on its way between processes: look at least this often.
_LOOK_SECONDS: Final = 30.0


class Counting:
    """The job."""

    def __init__(self, db: Database, log: EventLog, clock: Clock, *, batch: int = BATCH) -> None:
        self._db = db
        self._log = log
        self._clock = clock
        self._batch = batch

    async def run(self) -> None:
        """Count until cancelled."""
        await self._db.write(store.begin)
        with self._log.watch() as news:
            while True:
                news.drain()
                while await self.step():
                    pass
                await self._clock.sleep(_PAUSE_SECONDS)
                await news.next(_LOOK_SECONDS)

    async def catch_up(self) -> None:
        """Count all that there is."""
        await self._db.write(store.begin)
        while await self.step():
            pass

    async def step(self) -> bool:
        """Count the next stretch of the log; whether there may be more of it."""
        after = await self._db.read(store.position)
        lines = await self._log.lines(after=after, limit=self._batch)
        if not lines:
            return False
        found, to = tally(lines), lines[-1].seq

        def work(tx: Tx) -> None:
            # If somebody else counted this stretch, there is nothing to add.
            if store.advance(tx, after=after, to=to):
                store.add(tx, found)

        await self._db.write(work, patient=True)
        return len(lines) == self._batch


def still_needed(tx: Tx, seqs: Sequence[int]) -> Collection[int]:
    """Which of these events are not counted yet."""
    position = store.position(tx)
    return [seq for seq in seqs if seq > position]
