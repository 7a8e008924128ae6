"""A real engine between a real database and the sandbox, with nothing of the features in between."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update

from wagate.core.clock import SystemClock
from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing
from wagate.engine.baileys import BaileysEngine
from wagate.engine.moving import convert
from wagate.engine.native import NativeEngine, Shared
from wagate.engine.port import (
    Closed,
    Endpoint,
    Engine,
    EngineEvent,
    EngineSession,
    Faults,
    FetchBlob,
    InboxItem,
    InboxKind,
    Linked,
    Online,
    OpenRequest,
    QrIssued,
    SentMessage,
)
from wagate.engine.store import DataKeys, Inbox, KeyStore, inbox, session_secrets, signal_keys
from wagate.media.service.appstate import AppStateFiles
from wagate.media.service.hosts import MediaHosts
from wagate.sandbox.model import Device
from wagate.sandbox.phone import Phone
from wagate.sandbox.phonekeys import Peer
from wagate.sandbox.record import Direction, Entry
from wagate.sandbox.sandbox import Sandbox
from wagate.storage.blobs import Blobs
from wagate.storage.database import Database, Tx
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import Ciphertext

#: What does not happen within this many seconds on two busy cores does not happen.
PATIENCE = 20.0

#: Makes an engine of what every engine stands on.
MakeEngine = Callable[[KeyStore, SentMessage, Faults, FetchBlob], Engine]


def _baileys(keys: KeyStore, sent_message: SentMessage, faults: Faults, fetch_blob: FetchBlob) -> Engine:
    return BaileysEngine(keys=keys, clock=SystemClock(), sent_message=sent_message, faults=faults)


def _native(keys: KeyStore, sent_message: SentMessage, faults: Faults, fetch_blob: FetchBlob) -> Engine:
    shared = Shared(keys=keys, clock=SystemClock(), sent_message=sent_message, fetch_blob=fetch_blob, faults=faults)
    return NativeEngine(shared)


ENGINES: dict[str, MakeEngine] = {"native": _native, "baileys": _baileys}
#: For what is parametrised by the engine's name.
EACH_ENGINE = ["native", pytest.param("baileys", marks=pytest.mark.bridge)]

E = TypeVar("E", bound=EngineEvent)
T = TypeVar("T")

fence = Table("sessions", MetaData(), Column("id", String, primary_key=True), Column("epoch", Integer, nullable=False))


async def until(what: Callable[[], T | None]) -> T:
    """Poll until ``what`` says something true."""
    async with asyncio.timeout(PATIENCE):
        while not (found := what()):
            await asyncio.sleep(0.01)
        return found


class Member:
    """One linked account, seen from our side."""

    def __init__(self, lab: "Lab", number: str) -> None:
        self.lab = lab
        self.number = number
        self.id = SessionId.new(datetime.now(UTC))
        self.epoch = 1
        self.events: list[EngineEvent] = []
        self._read = 0
        self._came = asyncio.Event()
        #: What hosts this session in place of the lab's own engine.
        self.engine: Engine | None = None
        #: What it connects through, and to, in place of the lab's own endpoint.
        self.proxy = ""
        self.endpoint: Endpoint | None = None
        self.link: EngineSession

    async def sink(self, event: EngineEvent) -> None:
        self.events.append(event)
        self._came.set()

    async def open(self) -> None:
        self._read = len(self.events)
        engine = self.engine or self.lab.engine
        request = OpenRequest(
            session=self.id,
            epoch=self.epoch,
            endpoint=self.endpoint or self.lab.endpoint,
            proxy=self.proxy,
            engine=self.lab.engine.name,
        )
        self.link = await engine.open(request, self.sink)

    async def next(self, kind: type[E], patience: float = PATIENCE) -> E:
        """The next event of that kind; those before it count as read."""
        async with asyncio.timeout(patience):
            while True:
                while self._read < len(self.events):
                    self._read += 1
                    event = self.events[self._read - 1]
                    if isinstance(event, kind):
                        return event
                self._came.clear()
                await self._came.wait()

    async def online(self) -> Online:
        await self.open()
        return await self.next(Online)

    async def relay(self, to: str | Jid, text: str, message_id: str = "") -> str:
        """Send a text; its WhatsApp id."""
        message_id = message_id or "3EB0" + os.urandom(9).hex().upper()
        message = wa.Message(conversation=text).SerializeToString()
        self.lab.sent[message_id] = message
        await self.link.relay(Jid(to) if isinstance(to, str) else to, message, message_id)
        return message_id

    async def inbox(self) -> list[InboxItem]:
        return await self.lab.inbox.pending(self.id, 10_000)

    async def messages(self) -> list[tuple[str, wa.Message]]:
        """What can be read in the inbox: id and content."""
        return [
            (item.stanza.get("id"), wa.Message.FromString(item.plaintext))
            for item in await self.inbox()
            if item.kind is InboxKind.MESSAGE
        ]

    async def texts(self) -> list[str]:
        return [m.conversation for _, m in await self.messages() if m.conversation]

    async def has_texts(self, count: int) -> list[str]:
        """The texts in the inbox once there are that many."""
        async with asyncio.timeout(PATIENCE):
            while len(texts := await self.texts()) < count:
                await asyncio.sleep(0.02)
        return texts

    def wire(self, stanza: str, direction: Direction = Direction.IN) -> list[Entry]:
        """What the server saw of this account."""
        entries = self.lab.sandbox.world.record.since(0, self.number, 100_000)
        return [e for e in entries if e.stanza == stanza and e.direction is direction]


def spoil(phone: Phone) -> None:
    """Have the next message of this phone to a linked device be damaged on the way."""
    encrypt = phone.keys.encrypt

    def spoiled(peer: Peer, *args: Any) -> Ciphertext:
        cipher = encrypt(peer, *args)
        if peer[1] == 0:
            return cipher
        phone.keys.encrypt = encrypt  # type: ignore[method-assign]
        return cipher._replace(body=cipher.body[:-8] + bytes(8))

    phone.keys.encrypt = spoiled  # type: ignore[method-assign]


class Lab:
    """Made by :func:`open_lab`."""

    def __init__(self, folder: Path, db: Database, sandbox: Sandbox, ring: KeyRing, make_engine: MakeEngine) -> None:
        self.db = db
        self._make_engine = make_engine
        self.ring = ring
        self.sandbox = sandbox
        self.sent: dict[str, bytes] = {}
        data_keys = DataKeys(db, ring)
        self.keys = KeyStore(db, data_keys, SystemClock())
        self.inbox = Inbox(db, data_keys)
        self.endpoint = Endpoint(
            url=sandbox.websocket_url, root_key=sandbox.root_public_key, ca_pem=sandbox.media_ca_pem
        )
        self.hosts = MediaHosts(
            db=db,
            blobs=Blobs.in_folder(folder / "blobs"),
            ring=ring,
            clock=SystemClock(),
            max_bytes=32 * 1024 * 1024,
            ca_pem=sandbox.media_ca_pem,
        )
        self.files = AppStateFiles(self.hosts)
        #: Runs at each named point of the host's side.
        self.at_point: dict[str, Callable[[], object]] = {}
        self.engine = self.new_engine()

    def new_engine(self, make_engine: MakeEngine | None = None) -> Engine:
        """Another one over the same database, as after a restart."""

        async def sent_message(session: SessionId, message_id: str) -> bytes | None:
            return self.sent.get(message_id)

        async def faults(point: str, session: SessionId) -> None:
            act = self.at_point.get(point)
            result = act() if act is not None else None
            if asyncio.iscoroutine(result):
                await result

        return (make_engine or self._make_engine)(self.keys, sent_message, faults, self.files.fetch)

    def phone(self, number: str, name: str = "") -> Phone:
        return Phone.add(self.sandbox.world, number, name or f"User {number[-4:]}")

    async def member(self, number: str) -> Member:
        """A session that may be opened."""
        member = Member(self, number)
        await self.db.write(lambda tx: tx.execute(insert(fence), {"id": member.id, "epoch": 1}))
        return member

    async def linked(self, number: str, engine: Engine | None = None) -> Member:
        """A phone, a session linked to it, and that session online."""
        return await self.another(self.phone(number), engine)

    async def another(self, phone: Phone, engine: Engine | None = None) -> Member:
        """One more device of a phone, linked and online."""
        member = await self.member(phone.account.number)
        member.engine = engine
        await member.open()
        code = (await member.next(QrIssued)).code
        await phone.linking.scan(code)
        await member.next(Linked)
        assert (await member.next(Closed)).code == 515
        await member.online()
        return member

    async def move(self, member: Member, engine: str) -> None:
        """Have the session's keys rewritten for the engine of that name, which opens sessions from here on."""
        await member.link.close()
        await self.rewrite(member, engine)
        await self.engine.stop()
        self._make_engine = ENGINES[engine]
        self.engine = self.new_engine()

    async def rewrite(self, member: Member, engine: str) -> None:
        """The one transaction that a move is."""
        rewrite = await self.keys.rewriting(member.id, lambda records: convert(records, engine))
        statement = update(fence).where(fence.c.id == member.id).values(epoch=fence.c.epoch + 1)

        def work(tx: Tx) -> None:
            tx.execute(statement)
            rewrite(tx)

        await self.db.write(work)
        member.epoch += 1

    async def records(self, member: Member) -> set[tuple[str, str, bytes]]:
        """What is stored for a session, as it is stored."""
        columns = (signal_keys.c.kind, signal_keys.c.key, signal_keys.c.value)
        rows = select(*columns).where(signal_keys.c.session_id == member.id)
        return {tuple(row) for row in await self.db.read(lambda tx: tx.execute(rows).all())}

    async def kinds(self, member: Member) -> set[str]:
        """The kinds of records that there are for a session."""
        kinds = select(signal_keys.c.kind).where(signal_keys.c.session_id == member.id).distinct()
        return set(await self.db.read(lambda tx: tx.execute(kinds).scalars().all()))

    def counters_used_twice(self) -> list[tuple[str, str, str, int]]:
        """Ratchet positions with which more than one ciphertext of a session went over the wire."""
        used = Counter(
            (entry.session, cipher.to, cipher.chain, cipher.counter)
            for entry in self.sandbox.world.record.since(0, "", 1_000_000)
            if entry.stanza == "message" and entry.direction is Direction.IN and entry.session
            for cipher in entry.ciphers
        )
        return [key for key, count in used.items() if count > 1]

    def stanzas(self) -> list[Node]:
        """The messages that linked devices send from here on, as they stand on the wire."""
        seen: list[Node] = []
        router = self.sandbox.world.router
        pass_on = router.from_device

        def note(device: Device, node: Node) -> None:
            if node.tag == "message":
                seen.append(node)
            pass_on(device, node)

        router.from_device = note  # type: ignore[method-assign]  # the sandbox's record keeps no children
        return seen

    async def raise_epoch(self, member: Member) -> None:
        """Another worker takes the session over."""
        statement = update(fence).where(fence.c.id == member.id).values(epoch=fence.c.epoch + 1)
        await self.db.write(lambda tx: tx.execute(statement))


@contextlib.asynccontextmanager
async def open_lab(folder: Path, make_engine: MakeEngine) -> AsyncIterator[Lab]:
    def create(tx: Tx) -> None:
        for table in (fence, signal_keys, session_secrets, inbox):
            table.create(tx.connection)

    async with contextlib.AsyncExitStack() as stack:
        db = await Database.open(f"sqlite:///{folder / 'wagate.db'}")
        stack.push_async_callback(db.close)
        await db.write(create)
        sandbox = Sandbox()
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        lab = Lab(folder, db, sandbox, KeyRing.generate(), make_engine)
        stack.push_async_callback(lab.hosts.close)
        stack.push_async_callback(lambda: lab.engine.stop())
        yield lab
        assert sandbox.world.complaints == {}, "the bridge did something that a server refuses"
