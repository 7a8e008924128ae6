"""Taking backups of sessions, and going back to them without using a message key again."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from wagate.backups import store
from wagate.backups.errors import BackupNotFound, BackupUnreadable, SessionIntact
from wagate.backups.model import KEPT, Backup, Contents, Device, blob_key, digest_of, place_of, version_name
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, SessionId
from wagate.core.seal import KeyRing, SealBroken
from wagate.engine.port import Burner, KeysUnreadable, Records
from wagate.engine.store import KeyStore
from wagate.sessions.errors import SessionNotFound
from wagate.sessions.model import Session
from wagate.sessions.service import Sessions
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal
from wagate.wire.jid import Jid

#: Backups looked at by one statement.
_PAGE: Final = 200


class Backups:
    """The backups of every session. Implements :class:`wagate.keyring.service.SealedFiles`."""

    name = "session backups"

    def __init__(
        self,
        *,
        db: Database,
        blobs: Blobs,
        ring: KeyRing,
        keys: KeyStore,
        burner: Burner,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._ring = ring
        self._keys = keys
        self._burner = burner
        self._sessions = sessions
        self._clock = clock

    async def of(self, session: SessionId) -> list[Backup]:
        """The backups of a session, the newest first.

        :raises SessionNotFound: if there is no such session.
        """
        if await self._db.read(lambda tx: store.account_of(tx, session)) is None:
            raise SessionNotFound
        return await self._db.read(lambda tx: store.of_session(tx, session))

    async def take(self, session: SessionId) -> Backup | None:
        """Back the session up if anything worth keeping changed since the last time; ``None`` if not.

        :raises StorageUnavailable: if it can't be stored now.
        """
        device = await self._db.read(lambda tx: store.device(tx, session))
        if device is None:
            return None
        records = self._burner.keep(await self._keys.records(session, self._burner.burnt_kinds))
        if not records:
            return None
        lasting = {place: value for place, value in records.items() if place[0] not in self._burner.fleeting_kinds}
        digest, former = digest_of(lasting), await self._db.read(lambda tx: store.of_session(tx, session))
        if former and former[0].digest == digest and former[0].jid == device.jid:
            return None
        return await self._store(device, records, digest, former)

    async def restore(
        self, principal: Principal, session: SessionId, version: str | None = None, *, force: bool = False
    ) -> Session:
        """Give the session the keys of a backup, the newest unless ``version`` names one, with a new epoch, in one
        transaction. Its peers begin new sessions with it; what they sent meanwhile they are asked for again.

        :raises SessionNotFound: if there is no such session.
        :raises BackupNotFound: if there is no such backup.
        :raises BackupUnreadable: if it was changed, or its key is gone.
        :raises SessionIntact: if the session has its keys, unless ``force``.
        """
        account = await self._db.read(lambda tx: store.account_of(tx, session))
        if account is None:
            raise SessionNotFound
        version = version or await self._newest(session)
        contents = await self._open(account, session, version)
        if not force and await self._is_intact(session):
            raise SessionIntact
        # Whoever wiped the rows may have wiped the data key that is remembered.
        self._keys.forget_data_key(session)
        records = self._burner.burn(contents.all_records)

        def linked(before: Session) -> Session:
            return replace(
                before,
                engine=contents.engine,
                jid=Jid.parse(contents.jid),
                lid=Jid.parse(contents.lid) if contents.lid else None,
                push_name=contents.push_name,
            )

        return await self._sessions.give_keys(account, session, lambda _: records, linked, by=principal)

    async def burn(self, session: SessionId) -> None:
        """Have a session go on with the keys that the database has, which may be older than what it sent with.

        :raises KeysUnreadable: if they are not what they should be. :raises SealBroken: likewise.
        :raises SessionNotFound: if it is gone.
        """
        account = await self._db.read(lambda tx: store.account_of(tx, session))
        if account is None:
            raise SessionNotFound
        await self._sessions.give_keys(account, session, self._burner.burn, lambda before: before)

    async def tidy(self) -> None:
        """Delete the backups of sessions that are deleted or not linked as that device any more.

        :raises StorageUnavailable: if files or database are away.
        """
        for backup in await self._db.read(lambda tx: store.of_no_use(tx, _PAGE)):
            await self._delete(backup.session, backup.version)

    # -- the key ring

    async def count_under(self, key_id: str) -> int:
        return await self._db.read(lambda tx: store.count_under(tx, key_id))

    async def count_not_under(self, key_id: str) -> int:
        return await self._db.read(lambda tx: store.count_not_under(tx, key_id))

    async def rewrap(self, advanced: Callable[[int], Awaitable[None]]) -> int:
        """Seal each backup by the newest key; how many do not open. One of those is no backup, and is deleted."""
        broken = 0
        while page := await self._db.read(lambda tx: store.not_under(tx, self._ring.newest, _PAGE)):
            for account, backup in page:
                if not await self._rewrap(account, backup):
                    broken += 1
            await advanced(len(page))
        return broken

    async def _rewrap(self, account: AccountId, backup: Backup) -> bool:
        place, key_id = place_of(account, backup.session, backup.version), self._ring.newest
        try:
            fresh = self._ring.seal(self._ring.open(await self._read(backup.session, backup.version), place), place)
        except (BackupNotFound, SealBroken):
            await self._delete(backup.session, backup.version)
            return False
        await self._blobs.put(blob_key(backup.session, backup.version), fresh)
        await self._db.write(lambda tx: store.sealed_by(tx, backup, key_id))
        return True

    # -- one backup

    async def _store(self, device: Device, records: Records, digest: bytes, former: list[Backup]) -> Backup | None:
        now = self._clock.now()
        version = version_name(device.epoch, now)
        place = place_of(device.account, device.session, version)
        sealed = self._ring.seal(Contents.of(device, records).pack(), place)
        backup = Backup(
            session=device.session,
            version=version,
            epoch=device.epoch,
            jid=device.jid,
            digest=digest,
            key_id=KeyRing.key_id_of(sealed),
            size=len(sealed),
            taken_at=now,
        )
        await self._blobs.put(blob_key(device.session, version), sealed)

        def work(tx: Tx) -> bool:
            # Another worker may have taken the session over, or it may be linked anew, while this was stored.
            if store.device(tx, device.session) != device:
                return False
            store.add(tx, device, backup)
            return True

        if not await self._db.write(work):
            await self._blobs.delete(blob_key(device.session, version))
            return None
        for old in former[KEPT - 1 :]:
            await self._delete(old.session, old.version)
        return backup

    async def _delete(self, session: SessionId, version: str) -> None:
        await self._blobs.delete(blob_key(session, version))
        await self._db.write(lambda tx: store.forget(tx, session, version))

    async def _newest(self, session: SessionId) -> str:
        # The files are asked and not the table: a database that was put back knows only those that are old.
        found = [key.rpartition("/")[2] async for key in self._blobs.listed(session)]
        if not found:
            raise BackupNotFound
        return max(found)

    async def _read(self, session: SessionId, version: str) -> bytes:
        try:
            return b"".join([piece async for piece in self._blobs.get(blob_key(session, version))])
        except (BlobMissing, ValueError):
            raise BackupNotFound from None

    async def _open(self, account: AccountId, session: SessionId, version: str) -> Contents:
        sealed = await self._read(session, version)
        try:
            return Contents.unpack(self._ring.open(sealed, place_of(account, session, version)))
        except (SealBroken, ValueError):
            raise BackupUnreadable from None

    async def _is_intact(self, session: SessionId) -> bool:
        """Whether the device's own record is there and opens."""
        with suppress(SealBroken, KeysUnreadable):
            self._keys.forget_data_key(session)
            return bool(self._burner.burn(await self._keys.records(session, self._burner.burnt_kinds)))
        return False
