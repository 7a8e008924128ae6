"""What the features above have to offer, so that the worker can drive them without knowing them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from wagate.core.clock import Clock
from wagate.core.ids import SessionId
from wagate.engine.port import Endpoint, Engine, EngineSession, InboxItem
from wagate.sessions.hosting import Hosting
from wagate.sessions.links import LinkRegistry
from wagate.sessions.model import Session
from wagate.storage.database import Database, Tx
from wagate.worker.backoff import AT_ONCE, OPENINGS_PER_SECOND, RECONNECTS_PER_SECOND, Pacer


class InboxReceiver(Protocol):
    """Makes rows and events of what arrived."""

    def handle(self, tx: Tx, session: Session, items: Sequence[InboxItem]) -> None:
        """Take in items, in order. It may be called again with the same items or some of them, each time in another
        transaction; only one of those is committed.
        """
        ...


class OutboxRunner(Protocol):
    """Sends what is queued."""

    async def run(self, session: Session, epoch: int, link: EngineSession) -> None:
        """Send the session's queued messages through ``link``, and those that come, until cancelled."""
        ...


#: Reads, within a transaction, the oldest items that are neither taken nor set aside, up to so many.
ReadInbox = Callable[[Tx, int], Sequence[InboxItem]]


class InboxQueue(Protocol):
    """What the engine committed and nobody took yet (engine.store.Inbox)."""

    async def reader(self, session: SessionId) -> ReadInbox:
        """What reads a session's inbox."""
        ...

    def take(self, tx: Tx, session: SessionId, seqs: Sequence[int]) -> None:
        """Mark items as taken."""
        ...

    def quarantine(self, tx: Tx, session: SessionId, seq: int, reason: str) -> None:
        """Keep an item for a person to look at, and hand it out no more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every actor of a worker works with."""

    engine: Engine
    endpoint: Endpoint
    hosting: Hosting
    links: LinkRegistry
    db: Database
    inbox: InboxQueue
    receiver: InboxReceiver
    outbox: OutboxRunner
    clock: Clock
    random: Random
    openings: Pacer
    reconnects: Pacer
    #: Held from opening a connection until its first word.
    opening: asyncio.Semaphore
    #: Held while something is recorded of a session.
    recording: asyncio.Semaphore


def tools(
    *,
    engine: Engine,
    endpoint: Endpoint,
    hosting: Hosting,
    links: LinkRegistry,
    db: Database,
    inbox: InboxQueue,
    receiver: InboxReceiver,
    outbox: OutboxRunner,
    clock: Clock,
    random: Random,
) -> Tools:
    """The tools of one worker, with the pace of its attempts."""
    return Tools(
        engine=engine,
        endpoint=endpoint,
        hosting=hosting,
        links=links,
        db=db,
        inbox=inbox,
        receiver=receiver,
        outbox=outbox,
        clock=clock,
        random=random,
        openings=Pacer(OPENINGS_PER_SECOND, clock),
        reconnects=Pacer(RECONNECTS_PER_SECOND, clock),
        opening=asyncio.Semaphore(AT_ONCE),
        recording=asyncio.Semaphore(AT_ONCE),
    )
