"""Sessions whose keys come from another engine, or from another program."""

import asyncio
import os
from collections.abc import Callable, Mapping

from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, Entropy, SessionId
from wagate.core.settings import EngineName
from wagate.engine.port import Mover, Records
from wagate.plans.tally import admit_session
from wagate.sessions import store
from wagate.sessions.errors import DeviceAlreadyHere, SessionsOutOfReach
from wagate.sessions.hosting import Keys
from wagate.sessions.model import WRONG_ENGINE, Session
from wagate.sessions.transition import Journal
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal


class Moving:
    """Moves sessions between engines and takes them over from Baileys programs."""

    def __init__(
        self, *, db: Database, journal: Journal, keys: Keys, mover: Mover, clock: Clock, entropy: Entropy = os.urandom
    ) -> None:
        self._db = db
        self._journal = journal
        self._keys = keys
        self._mover = mover
        self._clock = clock
        self._entropy = entropy

    async def change_engine(self, principal: Principal, session: Session, engine: EngineName) -> Session:
        """Rewrite the keys for that engine, name it, and raise the epoch, all in one transaction: whoever had the
        session can't use what it has of the former keys, and a crash leaves either all of the former ones or all of
        the new ones.

        :raises SessionNotFound: if it is gone meanwhile.
        :raises KeysUnreadable: if a key is not what it should be; nothing is changed then.
        """
        rewrite = await self._keys.rewriting(session.id, lambda records: self._mover.convert(records, engine))
        now = self._clock.now()

        def work(tx: Tx) -> Session:
            before = store.find_to_change(tx, session.account_id, session.id)
            if before.engine == engine and before.status_reason != WRONG_ENGINE.reason:
                return before
            after = before.moved_to(engine, now)
            rewrite(tx)
            store.save(tx, after)
            self._journal.changed(tx, before, after)
            audit.append(tx, principal, Action.SESSION_ENGINE_CHANGED, session.id, now=now, detail={"engine": engine})
            self._journal.wake_workers(tx)
            return after

        return await self._db.write(work)

    async def give_keys(
        self,
        account: AccountId,
        session: SessionId,
        rewrite: Callable[[Records], Records],
        linked: Callable[[Session], Session],
        *,
        by: Principal | None = None,
    ) -> Session:
        """Replace the session's keys by what ``rewrite`` makes of them, and what it is linked as by what ``linked``
        says, with a new epoch, all in one transaction. Who restores a session is logged; ``by`` is ``None`` if nobody
        asked for it.

        :raises SessionNotFound: if it is gone.
        :raises SealBroken: if a key was changed or moved. :raises KeysUnreadable: whatever ``rewrite`` raises.
        """
        put = await self._keys.rewriting(session, rewrite)
        now = self._clock.now()

        def work(tx: Tx) -> Session:
            before = store.find_to_change(tx, account, session)
            other = linked(before)
            after = other.moved_to(other.engine, now, reason="keys_restored")
            put(tx)
            store.save(tx, after)
            self._journal.changed(tx, before, after)
            self._journal.wake_workers(tx)
            if by is not None:
                audit.append(tx, by, Action.SESSION_RESTORED, session, now=now, account_id=account)
            return after

        return await self._db.write(work)

    async def take_over(
        self, principal: Principal, *, name: str, files: Mapping[str, object], engine: EngineName
    ) -> Session:
        """A new session out of the auth folder of a Baileys program, checked as a whole before anything is stored.

        :raises SessionsOutOfReach: if the key is bound to other sessions.
        :raises AuthFolderUnreadable: naming the file that is not what it should be.
        :raises DeviceAlreadyHere: if this device is a session already.
        :raises PlanLimit: if the account has as many sessions as its plan allows.
        """
        if principal.sessions is not None:
            raise SessionsOutOfReach
        # A large folder takes seconds of pure computing.
        device = await asyncio.to_thread(self._mover.read_folder, files, engine)
        now = self._clock.now()
        session = Session(
            id=SessionId.new(now, self._entropy),
            account_id=principal.account_id,
            name=name,
            engine=engine,
            jid=device.identity.jid,
            lid=device.identity.lid,
            push_name=device.identity.push_name,
            linked_at=now,
            since=now,
            created_at=now,
            updated_at=now,
            created_by=principal.user_id or principal.key_id,
        )
        put = await self._keys.rewriting(session.id, lambda _: device.records)

        def work(tx: Tx) -> None:
            if store.device_is_here(tx, device.identity.jid):
                raise DeviceAlreadyHere
            admit_session(tx, session.account_id, lambda: store.count(tx, session.account_id))
            store.insert(tx, session, None)
            put(tx)
            audit.append(tx, principal, Action.SESSION_CREATED, session.id, now=now, detail={"imported": True})

        await self._db.write(work)
        return session
