"""F18: many workers claim one session at the same moment, on a real PostgreSQL, each by a connection of its own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from tests.chaos.traffic import new_account
from wagate.core.clock import SystemClock
from wagate.core.ids import AccountId, SessionId, WorkerId
from wagate.engine.lease import StaleEpoch, check_epoch
from wagate.sessions import store
from wagate.sessions.hosting import lease_term
from wagate.sessions.model import Desired, Lease, Session, SessionStatus
from wagate.storage.database import Database, Tx
from wagate.storage.dialect import database_now


@dataclass(slots=True)
class Fights:
    """Claimers of one session."""

    session: SessionId
    claimers: list[Database]
    clock: SystemClock = field(default_factory=SystemClock)
    fights: int = 0
    #: How many won a fight, over all fights: only 1 may be in it.
    winners: Counter[int] = field(default_factory=Counter)
    #: Writes with the epoch of a former owner: how many were refused, and how many were not.
    refused: int = 0
    accepted_stale: int = 0

    async def fight(self) -> list[Lease]:
        """Have the lease run out, and all claim it at once; then the former owner tries to write. The leases that were
        won.
        """
        former = await self._epoch()
        await self.claimers[0].write(self._run_out)
        barrier = asyncio.Barrier(len(self.claimers))

        async def claim(number: int, db: Database) -> list[Lease]:
            await barrier.wait()
            return await db.write(lambda tx: self._claim(tx, WorkerId(f"claimer-{number:03}")))

        found = await asyncio.gather(*(claim(number, db) for number, db in enumerate(self.claimers)))
        won = [lease for leases in found for lease in leases]
        self.fights += 1
        self.winners[len(won)] += 1
        if won:
            await self._write_as(former)
        return won

    async def let_go(self, lease: Lease) -> None:
        """Have a winner give the session up."""
        await self.claimers[0].write(lambda tx: store.release(tx, lease))

    async def _write_as(self, epoch: int) -> None:
        try:
            await self.claimers[-1].write(lambda tx: check_epoch(tx, self.session, epoch))
        except StaleEpoch:
            self.refused += 1
        else:
            self.accepted_stale += 1

    def _claim(self, tx: Tx, worker: WorkerId) -> list[Lease]:
        now, until = lease_term(database_now(tx, self.clock))
        taken = store.claim(tx, worker, now=now, until=until, limit=1, alone=False, fresh=False)
        return [Lease(session=session.id, worker=worker, epoch=session.epoch) for session in taken]

    def _run_out(self, tx: Tx) -> None:
        past = database_now(tx, self.clock) - timedelta(seconds=1)
        tx.execute(update(store.sessions).where(store.sessions.c.id == self.session).values(lease_until=past))

    async def _epoch(self) -> int:
        return await self.claimers[0].read(lambda tx: store.any_account(tx, self.session).epoch)


async def wanted_session(url: str) -> SessionId:
    """A session in the database that wants a worker."""
    account, _ = await new_account(url, "fights")
    now = datetime.now(UTC)
    session = Session(
        id=SessionId.new(now),
        account_id=AccountId(account),
        name="fought for",
        engine="native",
        status=SessionStatus.CONNECTING,
        desired=Desired.CONNECTED,
        since=now,
        created_at=now,
        updated_at=now,
    )
    db = await Database.open(url)
    await db.write(lambda tx: store.insert(tx, session, None))
    await db.close()
    return session.id


@asynccontextmanager
async def fights_for(url: str, session: SessionId, claimers: int) -> AsyncIterator[Fights]:
    """``claimers`` of one session, which wants a worker."""
    databases = [await Database.open(url) for _ in range(claimers)]
    try:
        yield Fights(session, databases)
    finally:
        await asyncio.gather(*(database.close() for database in databases))
