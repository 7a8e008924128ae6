"""Who a key belongs to, and giving and taking keys."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from wagate.accounts import store
from wagate.accounts.admin import FirstAdmin, ensure_admin
from wagate.accounts.errors import ExpiryPassed, GrantTooWide, KeyNotFound, LastAdminKey
from wagate.accounts.keys import fingerprint, hint, is_well_formed, new_key
from wagate.accounts.model import ApiKey, Holder, NewKey
from wagate.core.clock import Clock
from wagate.core.errors import Unauthorized
from wagate.core.ids import AccountId, Entropy, KeyId, SessionId
from wagate.core.settings import Settings
from wagate.plans.model import Plan
from wagate.plans.store import plan_of
from wagate.storage.database import Database, Tx
from wagate.storage.errors import StorageUnavailable
from wagate.web.principal import Principal, Scope

#: A revoked key must be refused within a second everywhere. The process that revokes it forgets it at once; the others
#: believe what they read for so many seconds.
CACHE_SECONDS = 0.8
#: Keys that are in use at the same time, not keys that exist.
CACHE_SIZE = 1024
#: ``last_used_at`` is for people; writing it more often would cost a commit per request.
LAST_USED_RESOLUTION = timedelta(minutes=1)

DEFAULT_SCOPES = frozenset({Scope.READ, Scope.SEND, Scope.MANAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    holder: Holder
    principal: Principal
    until: float


class Accounts:
    """Accounts and their keys."""

    def __init__(self, db: Database, clock: Clock, entropy: Entropy = os.urandom) -> None:
        self._db = db
        self._clock = clock
        self._entropy = entropy
        self._remembered: dict[bytes, _Remembered] = {}
        self._revocations = 0
        self._free_form: frozenset[bytes] = frozenset()

    async def ensure_admin(
        self, settings: Settings, folder: Path, tell: Callable[[str], object] | None = None
    ) -> FirstAdmin | None:
        """Make the first administrator if there is none (``None`` if there is), and make ready for requests.

        What was made at random is shown once through ``tell``, on standard error unless told otherwise.

        :raises StartupError: if a setting is too weak, or ``admin.json`` in ``folder`` can't be read or written.
        """
        first = await ensure_admin(
            self._db, settings, folder, self._clock, self._entropy, tell=tell or sys.stderr.write
        )
        # Operators' own keys alone are looked up without having the form of a key.
        self._free_form = await self._db.read(store.free_form_fingerprints)
        return first

    @staticmethod
    def operators(tx: Tx) -> list[AccountId]:
        """The accounts of those who run this gateway."""
        return store.admin_accounts(tx)

    async def authenticate(self, key: str) -> Principal:
        """Who the holder of ``key`` is. What does not even look like a key costs no look-up.

        :raises Unauthorized: if it is not a key, or was revoked, or has expired.
        :raises StorageUnavailable: if that can't be found out for now.
        """
        print_of_key = fingerprint(key)
        known = self._remembered.get(print_of_key)
        if known is None or known.until <= self._clock.monotonic():
            if not is_well_formed(key) and print_of_key not in self._free_form:
                raise Unauthorized
            known = await self._look_up(print_of_key)
        if not known.holder.is_good(self._clock.now()):
            raise Unauthorized
        return known.principal

    async def holder(self, principal: Principal) -> Holder:
        """The key behind a request with its account and user.

        :raises KeyNotFound: if the request was not made with a key, or it was revoked since.
        """
        return await self._db.read(lambda tx: _get(tx, principal, principal.key_id))

    async def plan(self, principal: Principal) -> Plan:
        """What the account may use."""
        return await self._db.read(lambda tx: plan_of(tx, principal.account_id))

    async def create_key(
        self,
        principal: Principal,
        *,
        name: str,
        scopes: frozenset[Scope] | None = None,
        sessions: frozenset[SessionId] | None = None,
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key for the account, acting for the same user as the one that asks for it.

        Without ``scopes`` it may do all but administer; without ``sessions`` it reaches as far as its maker's.

        :raises GrantTooWide: if it would hold a scope or session that ``principal`` lacks.
        :raises ExpiryPassed: if it would be of no use.
        """
        now = self._clock.now()
        scopes = DEFAULT_SCOPES if scopes is None else scopes
        sessions = principal.sessions if sessions is None else sessions
        if not principal.covers(scopes, sessions):
            raise GrantTooWide
        if expires_at is not None and expires_at <= now:
            raise ExpiryPassed
        secret = new_key(self._entropy)
        key = ApiKey(
            id=KeyId.new(now, self._entropy),
            account_id=principal.account_id,
            user_id=principal.user_id,
            name=name,
            hint=hint(secret),
            scopes=scopes,
            sessions=sessions,
            created_at=now,
            expires_at=expires_at,
        )
        await self._db.write(lambda tx: store.add_key(tx, key, fingerprint(secret)))
        return NewKey(key=key, secret=secret)

    async def list_keys(self, principal: Principal, *, after: str | None, limit: int) -> list[ApiKey]:
        """The account's keys, oldest first, as far as ``principal`` reaches."""
        return await self._db.read(lambda tx: _list(tx, principal, after, limit))

    async def revoke_key(self, principal: Principal, key_id: KeyId) -> None:
        """Refuse a key from now on.

        :raises KeyNotFound: if there is none such within reach, or it was revoked already.
        :raises LastAdminKey: if nobody could make keys any more.
        """
        now = self._clock.now()

        def work(tx: Tx) -> None:
            store.lock_account(tx, principal.account_id)
            _get(tx, principal, key_id)
            if list(store.admin_keys(tx, principal.account_id, now)) == [key_id]:
                raise LastAdminKey
            revoked = store.revoke_key(tx, principal.account_id, key_id, now)
            if revoked is None:
                raise KeyNotFound
            tx.after_commit(self._forget(revoked))

        await self._db.write(work)

    def _forget(self, print_of_key: bytes) -> Callable[[], None]:
        def forget() -> None:
            # A look-up that is under way read the key before it was revoked; it must not be remembered.
            self._revocations += 1
            self._remembered.pop(print_of_key, None)

        return forget

    async def _look_up(self, print_of_key: bytes) -> _Remembered:
        # Counted from before the read: that is when what was read was true.
        until = self._clock.monotonic() + CACHE_SECONDS
        revocations = self._revocations
        holder = await self._db.read(lambda tx: store.find_holder(tx, print_of_key))
        if holder is None:
            self._remembered.pop(print_of_key, None)
            raise Unauthorized
        known = _Remembered(holder=holder, principal=holder.principal(), until=until)
        if revocations == self._revocations:
            self._remember(print_of_key, known)
        now = self._clock.now()
        used = holder.key.last_used_at
        if holder.is_good(now) and (used is None or now - used >= LAST_USED_RESOLUTION):
            # Nobody is refused because this can't be noted.
            with suppress(StorageUnavailable):
                await self._db.write(lambda tx: store.touch_key(tx, holder.account.id, holder.key.id, now))
        return known

    def _remember(self, print_of_key: bytes, known: _Remembered) -> None:
        self._remembered.pop(print_of_key, None)
        if len(self._remembered) >= CACHE_SIZE:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[print_of_key] = known


def _get(tx: Tx, principal: Principal, key_id: KeyId | None) -> Holder:
    found = None if key_id is None else store.get_holder(tx, principal.account_id, key_id)
    if found is None or not _reaches(principal, found.key):
        raise KeyNotFound
    return found


def _list(tx: Tx, principal: Principal, after: str | None, limit: int) -> list[ApiKey]:
    found: list[ApiKey] = []
    while len(found) < limit:
        batch = store.list_keys(tx, principal.account_id, after=after, limit=limit)
        found += [key for key in batch if _reaches(principal, key)]
        if len(batch) < limit:
            break
        after = batch[-1].id
    return found[:limit]


def _reaches(principal: Principal, key: ApiKey) -> bool:
    """Whether a key that is bound to sessions may know of another: only if that one is bound no less."""
    return principal.covers((), key.sessions)
