"""A scripted engine, inbox, receiver and outbox, and a worker made of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import ClassVar

from tests.sessions.fakes import FakeLink
from tests.sessions.world import PATIENCE, SHOP, World
from wagate.core.clock import ManualClock
from wagate.core.ids import SessionId, WorkerId
from wagate.engine.port import (
    Arrived,
    Endpoint,
    EngineSession,
    EventSink,
    InboxItem,
    InboxKind,
    Online,
    OpenRequest,
)
from wagate.sessions.model import Session
from wagate.storage.database import Tx
from wagate.wire.node import Node
from wagate.worker.ports import ReadInbox, Tools, tools
from wagate.worker.source import Claims
from wagate.worker.supervisor import Supervisor

Script = Callable[[FakeLink], Awaitable[None]]


async def log_in(link: FakeLink) -> None:
    await link.say(Online(identity=SHOP))


async def say_nothing(link: FakeLink) -> None:
    pass


class FakeEngine:
    """Opens :class:`FakeLink`; ``script`` is the server's side of each. Fails a test that opens a session twice."""

    name: ClassVar[str] = "fake"

    def __init__(self) -> None:
        self.opened: list[FakeLink] = []
        self.opened_at: list[float] = []
        self.script: Script = log_in
        self.refusal: Exception | None = None
        self.running = False
        self.monotonic: Callable[[], float] = lambda: 0.0

    async def start(self) -> None:
        self.running = True

    async def open(self, request: OpenRequest, sink: EventSink) -> EngineSession:
        open_now = [link for link in self.live if link.request and link.request.session == request.session]
        assert not open_now, "two connections of one session"
        self.opened_at.append(self.monotonic())
        if self.refusal is not None:
            raise self.refusal
        link = FakeLink(request, sink)
        self.opened.append(link)
        await self.script(link)
        return link

    async def stop(self) -> None:
        self.running = False
        for link in self.live:
            await link.close()

    @property
    def live(self) -> list[FakeLink]:
        return [link for link in self.opened if not link.closed]

    def of(self, session: SessionId) -> FakeLink:
        """The last connection of a session."""
        return [link for link in self.opened if link.request is not None and link.request.session == session][-1]


@dataclass
class FakeInbox:
    """What arrived, by session. What is taken or set aside in a transaction is so only once that is committed."""

    waiting: dict[SessionId, list[InboxItem]] = field(default_factory=dict)
    set_aside: list[tuple[int, str]] = field(default_factory=list)
    next_seq: int = 1

    def arrive(self, session: SessionId, *ids: str) -> list[int]:
        seqs = []
        for wa_id in ids:
            item = InboxItem(
                seq=self.next_seq,
                kind=InboxKind.MESSAGE,
                stanza=Node("message", {"id": wa_id}),
                plaintext=b"",
                received_at=ManualClock().now(),
            )
            self.waiting.setdefault(session, []).append(item)
            seqs.append(item.seq)
            self.next_seq += 1
        return seqs

    async def reader(self, session: SessionId) -> ReadInbox:
        return lambda tx, limit: self.waiting.get(session, [])[:limit]

    def take(self, tx: Tx, session: SessionId, seqs: Sequence[int]) -> None:
        for seq in seqs:
            tx.after_commit(partial(self._remove, session, seq))

    def quarantine(self, tx: Tx, session: SessionId, seq: int, reason: str) -> None:
        tx.after_commit(lambda: self.set_aside.append((seq, reason)))
        tx.after_commit(lambda: self._remove(session, seq))

    def _remove(self, session: SessionId, seq: int) -> None:
        left = [item for item in self.waiting[session] if item.seq != seq]
        assert len(left) == len(self.waiting[session]) - 1, "an item was taken twice"
        self.waiting[session] = left


@dataclass
class FakeReceiver:
    """Remembers, in order, what it took in for good; fails for ids that a test calls poison."""

    taken: list[str] = field(default_factory=list)
    poison: dict[str, int] = field(default_factory=dict)
    tries: list[str] = field(default_factory=list)

    def handle(self, tx: Tx, session: Session, items: Sequence[InboxItem]) -> None:
        for item in items:
            wa_id = item.stanza.get("id")
            self.tries.append(wa_id)
            if self.poison.get(wa_id, 0) > 0:
                self.poison[wa_id] -= 1
                raise ValueError(wa_id)
            tx.after_commit(partial(self.taken.append, wa_id))


@dataclass
class FakeOutbox:
    """Remembers what it runs for; ``script`` is what it does there."""

    running: list[tuple[SessionId, int, EngineSession]] = field(default_factory=list)
    runs: int = 0
    script: Callable[[], Awaitable[None]] | None = None

    async def run(self, session: Session, epoch: int, link: EngineSession) -> None:
        entry = (session.id, epoch, link)
        self.running.append(entry)
        self.runs += 1
        try:
            if self.script is not None:
                await self.script()
            await asyncio.Event().wait()
        finally:
            self.running.remove(entry)


@dataclass
class Rig:
    """One worker. Several may share a world."""

    world: World
    engine: FakeEngine = field(default_factory=FakeEngine)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    receiver: FakeReceiver = field(default_factory=FakeReceiver)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    random: Random = field(default_factory=lambda: Random(7))

    def __post_init__(self) -> None:
        self.engine.monotonic = self.world.clock.monotonic

    def tools(self) -> Tools:
        return tools(
            engine=self.engine,
            endpoint=Endpoint(),
            hosting=self.world.sessions.hosting,
            links=self.world.links,
            db=self.world.db,
            inbox=self.inbox,
            receiver=self.receiver,
            outbox=self.outbox,
            clock=self.world.clock,
            random=self.random,
        )

    def supervisor(
        self, worker: WorkerId | None = None, *, alone: bool = False, max_sessions: int = 10_000
    ) -> Supervisor:
        source = Claims(self.world.sessions.hosting, alone=alone)
        return Supervisor(worker or self.world.worker, self.tools(), self.world.bus, source, max_sessions=max_sessions)

    async def arrives(self, session: SessionId, *ids: str) -> list[int]:
        """Something arrives on the open connection."""
        seqs = self.inbox.arrive(session, *ids)
        await self.engine.of(session).say(Arrived())
        return seqs

    async def status(self, session: SessionId, *wanted: str) -> Session:
        """Wait until the session is in one of these states, while time goes on."""
        for _ in range(PATIENCE):
            await self.world.settle()
            found = await self.world.now(session)
            if found.status in wanted:
                return found
            await self.world.clock.advance(0.05)
        raise AssertionError(f"{found.status} is none of {wanted}")

    async def online(self, name: str = "shop") -> Session:
        """A wanted session that a running supervisor brought online."""
        session = await self.world.wanted(name)
        found = await self.status(session.id, "connected")
        await self.world.until(lambda: any(entry[0] == session.id for entry in self.outbox.running))
        return found
