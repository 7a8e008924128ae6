"""Looking now and then what became of messages that requests wait for, since a wake-up may get lost between processes.

All of them are looked up by one statement: each by itself would be the most that a gateway does once WhatsApp's answers
take longer than the time between two looks.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.ids import MessageId
from wagate.core.logging import get_logger
from wagate.messages import store
from wagate.messages.service.topics import message_topic
from wagate.storage.bus import Bus
from wagate.storage.database import Database

_LOOK_SECONDS: Final = 1.0

_log = get_logger("messages.lookout")


class Lookout:
    """Looks while somebody waits."""

    def __init__(self, db: Database, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._watched: Counter[MessageId] = Counter()
        self._looking: asyncio.Task[None] | None = None
        #: Whether nobody should wait any more.
        self.over = False

    def end(self) -> None:
        """Have all who wait go on with what is known of their message."""
        self.over = True
        for message in list(self._watched):
            self._bus.publish_here(message_topic(message))

    @contextmanager
    def watch(self, message: MessageId) -> Iterator[None]:
        """Tell the message to the readers of its topic, once it is settled, until the block ends."""
        self._watched[message] += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._watched[message] -= 1
            if not self._watched[message]:
                del self._watched[message]
            if not self._watched and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            # Those that came within this time are most likely told of soon.
            early = set(self._watched)
            await self._clock.sleep(_LOOK_SECONDS)
            overdue = early & self._watched.keys()
            if not overdue:
                continue
            try:
                settled = await self._db.read(partial(store.settled, ids=overdue))
            except Unavailable as error:
                _log.warning("can't see what became of messages", code=error.code)
                continue
            for message in settled:
                self._bus.publish_here(message_topic(message.id), message)
