"""Webhooks on a real database with time that is moved by hand and receivers in memory."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.names import ADA, ADA_ID, SHOP
from tests.webhooks.receiver import Receivers
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, EventId, SessionId
from wagate.core.seal import KeyRing
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.web.principal import Principal
from wagate.webhooks.model import Delivery, Endpoint
from wagate.webhooks.service import Dispatcher, Webhooks
from wagate.webhooks.service.endpoints import NewEndpoint

HOOK = "https://ada.example/hook"

#: For tests of rules that no database has a part in.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Rig:
    db: Database
    bus: Bus
    clock: ManualClock
    ring: KeyRing
    receivers: Receivers
    log: EventLog
    webhooks: Webhooks
    jitter: random.Random = field(default_factory=lambda: random.Random(1))
    dispatcher: Dispatcher | None = None

    async def start(self) -> None:
        assert self.dispatcher is None
        self.dispatcher = Dispatcher(
            db=self.db,
            log=self.log,
            bus=self.bus,
            clock=self.clock,
            ring=self.ring,
            poster=self.receivers,
            jitter=lambda: self.jitter.uniform(-1, 1),
        )
        await self.dispatcher.start()

    async def stop(self) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.stop()
            self.dispatcher = None

    async def crash(self) -> None:
        """End without a chance to store anything more."""
        assert self.dispatcher is not None
        tasks = [*self.dispatcher._background, *self.dispatcher._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.dispatcher = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def endpoint(self, url: str = HOOK, principal: Principal = ADA, **fields: Any) -> tuple[Endpoint, str]:
        """A new endpoint and its secret."""
        told: dict[str, Any] = {
            "description": "",
            "events": None,
            "sessions": None,
            "headers": {},
            "enabled": True,
            **fields,
        }
        return await self.webhooks.create(principal, NewEndpoint(url=url, **told))

    async def event(
        self,
        type: EventType = EventType.MESSAGE_RECEIVED,
        account: AccountId = ADA_ID,
        session: SessionId | None = SHOP,
        **data: Any,
    ) -> EventId:
        return await self.db.write(
            lambda tx: self.log.append(tx, account_id=account, session_id=session, type=type, data=data)
        )

    async def events(self, count: int, **data: Any) -> list[EventId]:
        """Many events in one transaction, numbered ``n``."""
        return await self.db.write(
            lambda tx: [
                self.log.append(
                    tx,
                    account_id=ADA_ID,
                    session_id=SHOP,
                    type=EventType.MESSAGE_RECEIVED,
                    data={"n": n, **{name: value(n) if callable(value) else value for name, value in data.items()}},
                )
                for n in range(count)
            ]
        )

    @staticmethod
    async def event_loop_turn() -> None:
        # A yield to the loop and to the database's threads, not a wait for anything.
        await asyncio.sleep(0.0005)

    async def settle(self) -> None:
        """Let everything happen that can happen without time passing."""
        assert self.dispatcher is not None
        quiet = 0
        while quiet < 20:
            if quiet:
                await asyncio.sleep(0)
            else:
                await self.event_loop_turn()
            quiet = 0 if self.dispatcher.busy else quiet + 1

    async def pass_time(self, duration: timedelta | None = None) -> None:
        """Move on to each moment at which something is due, and let it happen; without ``duration`` until nothing is
        due any more."""
        assert self.dispatcher is not None
        await self.settle()
        end = None if duration is None else self.clock.now() + duration
        while (due := self.dispatcher.next_due) is not None and (end is None or due <= end):
            # Sleepers count in floats: what is due now may sleep for another fraction of a microsecond.
            await self.clock.advance(max((due - self.clock.now()).total_seconds(), 1e-6))
            await self.settle()
        if end is not None:
            await self.clock.advance((end - self.clock.now()).total_seconds())
            await self.settle()

    async def pass_while_down(self, duration: timedelta) -> None:
        await self.clock.advance(duration.total_seconds())

    async def deliveries(self, endpoint: Endpoint, **filters: Any) -> list[Delivery]:
        """Oldest first."""
        wanted: dict[str, Any] = {"status": None, "before": None, "limit": 20000, **filters}
        found = await self.webhooks.deliveries(ADA, endpoint.id, **wanted)
        return list(reversed(found))


def gaps(moments: list[datetime]) -> list[timedelta]:
    return [later - earlier for earlier, later in itertools.pairwise(moments)]
