"""Sessions with real keys, and their backups."""

import os
from dataclasses import replace

import msgspec

from wagate.backups.service import Backups
from wagate.backups.watermark import Watermark
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, KeyId, SessionId
from wagate.core.seal import KeyRing
from wagate.engine.moving import KeyMover
from wagate.engine.native.device import Device
from wagate.engine.native.records import DEVICE, LID_OF, ONE_TIME, RATCHETS, Text
from wagate.engine.port import Records
from wagate.engine.store import DataKeys, KeyStore
from wagate.events.service import EventLog
from wagate.sessions.codes import Codes
from wagate.sessions.links import LinkRegistry
from wagate.sessions.model import Session
from wagate.sessions.service import Sessions
from wagate.storage.blobs import Blobs
from wagate.storage.bus import Bus, Kv
from wagate.storage.database import Database
from wagate.web.principal import Principal, Scope
from wagate.wire.jid import Jid

PN, LID = "491700000001:3@s.whatsapp.net", "900000000000001:3@lid"


async def anywhere(_url: str) -> None:
    """Any proxy will do."""


class World:
    def __init__(
        self, db: Database, clock: ManualClock, bus: Bus, kv: Kv, ring: KeyRing, entropy: Entropy, blobs: Blobs
    ) -> None:
        self.db, self.clock, self.ring, self.blobs = db, clock, ring, blobs
        codes = Codes(kv, clock)
        self.keys = KeyStore(db, DataKeys(db, ring), clock)
        self.sessions = Sessions(
            db=db,
            events=EventLog(db, bus, clock, enrich=codes.enrich, entropy=entropy),
            bus=bus,
            codes=codes,
            clock=clock,
            keys=self.keys,
            ring=ring,
            links=LinkRegistry(),
            mover=KeyMover(),
            proxies=anywhere,
            engine="native",
            entropy=entropy,
        )
        self.backups = Backups(
            db=db, blobs=blobs, ring=ring, keys=self.keys, burner=KeyMover(), sessions=self.sessions, clock=clock
        )
        self.watermark = Watermark(db=db, blobs=blobs, backups=self.backups, clock=clock)
        now = clock.now()
        self.principal = Principal(
            account_id=AccountId.new(now, entropy), key_id=KeyId.new(now, entropy), scopes=frozenset(Scope)
        )

    async def linked(self) -> Session:
        """A session that is linked, with keys that have sent."""
        session = await self.sessions.create(self.principal, name="shop")
        return await self.sessions.give_keys(
            session.account_id,
            session.id,
            lambda _: some_records(),
            lambda before: replace(before, jid=Jid.parse(PN), lid=Jid.parse(LID), push_name="Shop"),
        )

    async def records(self, session: SessionId) -> Records:
        return await self.keys.records(session)

    async def change(self, session: Session, records: Records) -> None:
        """What an engine would have stored by now."""
        await self.sessions.give_keys(session.account_id, session.id, lambda _: records, lambda before: before)

    async def wipe(self, session: SessionId) -> None:
        await self.db.write(lambda tx: self.keys.erase(tx, session))


def some_records() -> Records:
    device = msgspec.structs.replace(Device.generate(1_700_000_000), jid=PN, lid=LID, next_prekey=813)
    return {
        (DEVICE.name, ""): device.to_record(),
        (RATCHETS.name, "800000000000001@lid"): b"a ratchet",
        (ONE_TIME.name, "5"): os.urandom(32),
        (LID_OF.name, "491700000002"): Text("800000000000001").to_record(),
    }
