"""Messages on a real database, with a session that is linked and an engine that does what a test says."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, MediaId, SessionId
from wagate.core.seal import KeyRing
from wagate.engine.port import InboxItem, InboxKind, PasskeyAssertion, RelayUnknown, Vitals
from wagate.events.model import Event
from wagate.events.service import EventLog
from wagate.history.service.notices import Notices
from wagate.media.model import Media, Upload
from wagate.media.service.incoming import IncomingFiles
from wagate.media.service.library import Library
from wagate.messages.kinds.text import Body as TextBody
from wagate.messages.model import Message
from wagate.messages.service import FileSources, History, Messages, Outbox, OutgoingFiles, Receiver
from wagate.sessions import store as sessions
from wagate.sessions.links import LinkRegistry
from wagate.sessions.model import Desired, Session, SessionStatus
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus
from wagate.storage.database import Database
from wagate.web.egress import Egress
from wagate.web.principal import Principal, Scope
from wagate.wire.jid import LID, Jid
from wagate.wire.media import MediaKind
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa

SHOP = Jid("491700000001", device=3)
SHOP_LID = Jid("900000000000001", LID, 3)
ADA = Jid("491700000002")
ADA_LID = Jid("900000000000002", LID)
BOB = Jid("491700000003")
GROUP = Jid("120363000000000001", "g.us")
MAX_FILE = 100_000
#: Seconds after which what has not happened never will.
PATIENCE = 20.0

Answer = Callable[["Relayed"], Awaitable[datetime]]


@dataclass(frozen=True, slots=True)
class Relayed:
    """One call of relay."""

    to: Jid
    message: wa.Message
    wa_id: str

    @property
    def text(self) -> str:
        return self.message.conversation or self.message.extendedTextMessage.text


class ScriptedLink:
    """An engine session that answers as ``answer`` does, and remembers what it was asked, in order."""

    def __init__(self, clock: ManualClock) -> None:
        self.proxy = ""
        self.links_by_passkey = False
        self.relayed: list[Relayed] = []
        self.sent: list[Node] = []
        self.queries: list[Node] = []
        self.answer: Answer = self.acknowledge
        self.on_query: Callable[[Node], Node] = lambda node: Node("iq", {"type": "result"})
        self._clock = clock

    async def acknowledge(self, relayed: Relayed) -> datetime:
        return self._clock.now()

    async def relay(
        self,
        to: Jid,
        message: bytes,
        message_id: str,
        attributes: Mapping[str, str] = {},
        recipients: Collection[Jid] = (),
    ) -> datetime:
        relayed = Relayed(to, wa.Message.FromString(message), message_id)
        self.relayed.append(relayed)
        return await self.answer(relayed)

    async def query(self, node: Node, timeout: float = 0.0) -> Node:
        self.queries.append(node)
        return self.on_query(node)

    async def send(self, node: Node) -> None:
        self.sent.append(node)

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        raise NotImplementedError

    async def request_pairing_code(self, phone: str) -> str:
        raise NotImplementedError

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        raise NotImplementedError

    async def logout(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def vitals(self) -> Vitals:
        return Vitals()


class Acks:
    """Lets a test acknowledge relays one by one, in whatever order."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.waiting: dict[str, asyncio.Future[datetime]] = {}

    async def __call__(self, relayed: Relayed) -> datetime:
        future = self.waiting[relayed.wa_id] = asyncio.get_running_loop().create_future()
        return await future

    def ack(self, wa_id: str) -> None:
        self.waiting.pop(wa_id).set_result(self._clock.now())

    def fail(self, wa_id: str, error: Exception) -> None:
        self.waiting.pop(wa_id).set_exception(error)

    def lose_all(self) -> None:
        """The connection ends."""
        for wa_id in list(self.waiting):
            self.fail(wa_id, RelayUnknown())


@dataclass(slots=True)
class FakeHosts:
    """WhatsApp's media hosts; ``failure`` is raised instead of taking a file, and ``gate`` has to open first."""

    clock: ManualClock
    uploads: list[tuple[MediaId, MediaKind]] = field(default_factory=list)
    failure: Exception | None = None
    gate: asyncio.Event | None = None

    async def upload(self, session: SessionId, link: Any, item: Media, kind: MediaKind) -> Upload:
        self.uploads.append((item.id, kind))
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Upload(
            url="https://media.example/x",
            direct_path=f"/v/{len(self.uploads)}?x=1",
            media_key=bytes(32),
            enc_sha256=bytes(32),
            uploaded_at=self.clock.now(),
        )


@dataclass(slots=True)
class World:
    db: Database
    clock: ManualClock
    bus: Bus
    ring: KeyRing
    entropy: Entropy
    events: EventLog
    library: Library
    hosts: FakeHosts
    links: LinkRegistry
    messages: Messages
    outbox: Outbox
    receiver: Receiver
    history: History
    link: ScriptedLink
    principal: Principal
    session: Session

    @classmethod
    async def on(
        cls, db: Database, clock: ManualClock, bus: Bus, ring: KeyRing, blobs: Blobs, entropy: Entropy
    ) -> "World":
        events = EventLog(db, bus, clock, entropy=entropy)
        library = Library(db=db, blobs=blobs, egress=Egress(), clock=clock, max_bytes=MAX_FILE, entropy=entropy)
        hosts, links = FakeHosts(clock), LinkRegistry()
        world = cls(
            db=db,
            clock=clock,
            bus=bus,
            ring=ring,
            entropy=entropy,
            events=events,
            library=library,
            hosts=hosts,
            links=links,
            messages=Messages(
                db=db,
                events=events,
                bus=bus,
                clock=clock,
                ring=ring,
                sources=FileSources(library),
                entropy=entropy,
            ),
            outbox=Outbox(
                db=db,
                events=events,
                bus=bus,
                clock=clock,
                ring=ring,
                files=OutgoingFiles(library=library, hosts=hosts, clock=clock),
            ),
            receiver=Receiver(
                events=events,
                bus=bus,
                clock=clock,
                ring=ring,
                files=IncomingFiles(bus=bus, ring=ring, clock=clock, entropy=entropy),
                on_notice=Notices(bus=bus, ring=ring, clock=clock).take,
                entropy=entropy,
            ),
            history=History(db=db, clock=clock, links=links),
            link=ScriptedLink(clock),
            principal=Principal(account_id=AccountId.new(clock.now(), entropy), scopes=frozenset(Scope)),
            session=new_session(AccountId("acc_unset"), clock, entropy),
        )
        world.session = await world.new_session()
        return world

    async def new_session(self, **changes: Any) -> Session:
        """A session of the world's account, linked unless told otherwise."""
        made = replace(new_session(self.principal.account_id, self.clock, self.entropy), **changes)
        await self.db.write(lambda tx: sessions.insert(tx, made, None))
        return made

    async def restore_epoch(self, epoch: int) -> None:
        """Another worker takes the session."""
        moved = replace(self.session, epoch=epoch)
        await self.db.write(lambda tx: sessions.save(tx, moved))

    async def send(self, text: str = "hello", to: Jid = ADA, **options: Any) -> Message:
        options.setdefault("wait", 0)
        body = TextBody.model_validate({"to": str(to), "text": text, **options.pop("body", {})})
        return await self.messages.send(self.principal, self.session.id, body, **options)

    async def now(self, message: Message) -> Message:
        return await self.history.get(self.principal, message.id)

    async def told(self, *types: str) -> list[Event]:
        """Events of these types, oldest first."""
        found = await self.events.read(self.principal.account_id, limit=1000)
        return [event for event in found if event.type in types] if types else found

    async def take_in(self, *items: InboxItem) -> None:
        await self.db.write(lambda tx: self.receiver.handle(tx, self.session, items))

    def arrival(
        self,
        content: wa.Message | bytes,
        wa_id: str = "AB12",
        sender: Jid = ADA,
        kind: InboxKind = InboxKind.MESSAGE,
        **attrs: Attr,
    ) -> InboxItem:
        stanza = Node("message", {"from": sender, "id": wa_id, "t": seconds(self.clock), "type": "text", **attrs})
        plaintext = content if isinstance(content, bytes) else content.SerializeToString()
        return InboxItem(seq=1, kind=kind, stanza=stanza, plaintext=plaintext, received_at=self.clock.now())

    def receipt(self, *wa_ids: str, sender: Jid = ADA, **attrs: Attr) -> InboxItem:
        first, *others = wa_ids
        content = (Node("list", {}, tuple(Node("item", {"id": wa_id}) for wa_id in others)),) if others else None
        stanza = Node("receipt", {"from": sender, "id": first, "t": seconds(self.clock), **attrs}, content)
        return InboxItem(seq=1, kind=InboxKind.RECEIPT, stanza=stanza, plaintext=b"", received_at=self.clock.now())

    def sending(self) -> "Sending":
        """The outbox at work, for the time of a ``with`` block."""
        return Sending(self)

    async def reaches(self, message: Message, status: str) -> Message:
        """Wait until the message has this status."""
        deadline = time.monotonic() + PATIENCE
        while (found := await self.now(message)).status != status:
            assert time.monotonic() < deadline, f"the message stays {found.status}"
        return found


class Sending:
    """A run of the outbox."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __aenter__(self) -> "asyncio.Task[None]":
        world = self._world
        self.task = asyncio.create_task(world.outbox.run(world.session, world.session.epoch, world.link))
        return self.task

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def new_session(account: AccountId, clock: ManualClock, entropy: Entropy) -> Session:
    now = clock.now() - timedelta(days=1)
    return Session(
        id=SessionId.new(now, entropy),
        account_id=account,
        name="shop",
        status=SessionStatus.CONNECTED,
        since=now,
        desired=Desired.CONNECTED,
        jid=SHOP,
        lid=SHOP_LID,
        push_name="Corner Shop",
        epoch=1,
        created_at=now,
        updated_at=now,
    )


def seconds(clock: ManualClock) -> str:
    return str(int(clock.now().timestamp()))


async def asleep(check: Callable[[], bool]) -> None:
    """Let others run until ``check`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.to_thread(lambda: None)


async def quiet(world: World) -> None:
    """Let everything happen that can happen without time passing. A write that was queued before ours is done before
    it, so a few rounds see the end of any chain.
    """
    for _ in range(5):
        await world.db.write(lambda tx: None)
        await world.db.read(lambda tx: None)
        for _ in range(10):
            await asyncio.sleep(0)


__all__ = ["ADA", "ADA_LID", "BOB", "GROUP", "SHOP", "Acks", "Relayed", "World", "asleep", "quiet"]
