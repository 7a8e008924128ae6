"""Sessions on a real database, with a clock that stands still."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, SessionId, UserId, WorkerId
from wagate.core.seal import KeyRing
from wagate.engine.port import AuthFolderUnreadable, Identity, KeysUnreadable, LinkedDevice, Records
from wagate.events.model import Event
from wagate.events.service import EventLog
from wagate.sessions.codes import Codes
from wagate.sessions.links import LinkRegistry
from wagate.sessions.model import Lease, Session, Trigger
from wagate.sessions.service import Sessions
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal, Scope
from wagate.wire.jid import LID, Jid

SHOP = Identity(jid=Jid("491700000001", device=3), lid=Jid("900000000000001", LID, 3), push_name="Corner Shop")
#: Rounds after which what did not happen will not.
PATIENCE = 3000


@dataclass(slots=True)
class WipedKeys:
    """Remembers whose keys were wiped, erased or rewritten, in a transaction that was committed."""

    wiped: list[SessionId] = field(default_factory=list)
    erased: list[SessionId] = field(default_factory=list)
    kept: dict[SessionId, Records] = field(default_factory=dict)

    async def rewriting(self, session: SessionId, rewrite: Callable[[Records], Records]) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            after = rewrite(self.kept.get(session, {}))
            tx.after_commit(lambda: self.kept.update({session: after}))

        return work

    def wipe(self, tx: Tx, session: SessionId) -> None:
        tx.after_commit(lambda: self.wiped.append(session))

    def erase(self, tx: Tx, session: SessionId) -> None:
        tx.after_commit(lambda: self.erased.append(session))


class LabelMover:
    """Keys are labelled with the engine that they are for; a folder holds a number, or can't be read."""

    def convert(self, records: Records, to: str) -> Records:
        if ("broken", "") in records:
            raise KeysUnreadable(record=("broken", ""))
        return {("engine", ""): to.encode()}

    def read_folder(self, files: Mapping[str, object], to: str) -> LinkedDevice:
        number = files.get("creds.json")
        if not isinstance(number, str):
            raise AuthFolderUnreadable("creds.json is not what Baileys writes")
        identity = Identity(jid=Jid(number, device=2), lid=None, push_name="Old Shop")
        return LinkedDevice(identity=identity, records={("engine", ""): to.encode()})


@dataclass(slots=True)
class World:
    db: Database
    clock: ManualClock
    bus: Bus
    codes: Codes
    links: LinkRegistry
    keys: WipedKeys
    events: EventLog
    sessions: Sessions
    principal: Principal
    worker: WorkerId
    entropy: Entropy

    @classmethod
    def on(cls, db: Database, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy) -> "World":
        codes, links, keys = Codes(kv, clock), LinkRegistry(), WipedKeys()
        events = EventLog(db, bus, clock, enrich=codes.enrich, entropy=entropy)

        async def anywhere(url: str) -> None:
            pass

        sessions = Sessions(
            db=db,
            events=events,
            bus=bus,
            codes=codes,
            clock=clock,
            keys=keys,
            ring=ring,
            links=links,
            mover=LabelMover(),
            proxies=anywhere,
            entropy=entropy,
            # Leases run out when a test says so, whichever database it is on.
            lease_clock=lambda _, clock: clock.now(),
        )
        return cls(
            db=db,
            clock=clock,
            bus=bus,
            codes=codes,
            links=links,
            keys=keys,
            events=events,
            sessions=sessions,
            principal=principal_of(clock, entropy),
            worker=WorkerId.new(clock.now(), entropy),
            entropy=entropy,
        )

    def another_worker(self) -> WorkerId:
        return WorkerId.new(self.clock.now(), self.entropy)

    async def new(self, name: str = "shop") -> Session:
        return await self.sessions.create(self.principal, name=name)

    async def wanted(self, name: str = "shop") -> Session:
        """A session that waits for a worker."""
        session = await self.new(name)
        return await self.sessions.connect(self.principal, session.id)

    async def hosted(self, name: str = "shop") -> tuple[Lease, Session]:
        """A session that this world's worker holds."""
        session = await self.wanted(name)
        taken = await self.sessions.hosting.claim(self.worker, limit=1000)
        return next((lease, found) for lease, found in taken if found.id == session.id)

    async def online(self, name: str = "shop") -> tuple[Lease, Session]:
        lease, _ = await self.hosted(name)
        return lease, await self.sessions.hosting.record(lease, Trigger.ONLINE, identity=SHOP)

    async def now(self, session: SessionId) -> Session:
        return await self.sessions.get(self.principal, session)

    async def told(self, kind: str = "session.status") -> list[Event]:
        found = await self.events.read(self.principal.account_id, limit=1000)
        return [event for event in found if event.type == kind]

    async def settle(self) -> None:
        """Let every task go as far as it can without time passing."""
        for _ in range(8):
            # The writer takes jobs in order, so what was queued before this one is done and delivered after it.
            await self.db.write(lambda tx: None)
            await self.db.read(lambda tx: None)

    async def until(self, check: Callable[[], bool], step: float = 0.0) -> None:
        """Let others run until ``check`` holds; time goes on by ``step`` whenever nothing else can."""
        for _ in range(PATIENCE):
            if check():
                return
            await self.settle()
            if step and not check():
                await self.clock.advance(step)
        raise AssertionError("it never came about")

    async def pass_time(self, seconds: float, steps: int = 20) -> None:
        """Let ``seconds`` pass, in steps between which everything settles."""
        for _ in range(steps):
            await self.clock.advance(seconds / steps)
            await self.settle()


def principal_of(clock: ManualClock, entropy: Entropy) -> Principal:
    return Principal(
        account_id=AccountId.new(clock.now(), entropy),
        user_id=UserId.new(clock.now(), entropy),
        scopes=frozenset(Scope),
    )
