"""Who a key or token belongs to, and giving and taking keys."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from wagate.accounts import store
from wagate.accounts.admin import FirstAdmin, ensure_admin
from wagate.accounts.errors import ExpiryPassed, GrantTooWide, KeyNotFound, LastAdminKey
from wagate.accounts.keys import fingerprint, hint, is_well_formed, new_key
from wagate.accounts.model import ApiKey, Holder, Identity, Login, NewKey
from wagate.accounts.service.known import Known, Remembered
from wagate.accounts.tokens import Tokens, looks_like_token
from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.errors import Unauthorized
from wagate.core.ids import AccountId, Entropy, KeyId, SessionId
from wagate.core.seal import KeyRing
from wagate.core.settings import Settings
from wagate.plans.model import Plan
from wagate.plans.store import plan_of
from wagate.storage.database import Database, Tx
from wagate.storage.errors import StorageUnavailable
from wagate.web.principal import Principal, Scope

#: ``last_used_at`` is for people; writing it more often would cost a commit per request.
LAST_USED_RESOLUTION = timedelta(minutes=1)

DEFAULT_SCOPES = frozenset({Scope.READ, Scope.SEND, Scope.MANAGE})


class Accounts:
    """Accounts and their keys."""

    def __init__(self, db: Database, clock: Clock, ring: KeyRing, entropy: Entropy = os.urandom) -> None:
        self.known = Known(clock)
        self.tokens = Tokens(ring, clock)
        self._db = db
        self._clock = clock
        self._entropy = entropy
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

    async def authenticate(self, credential: str) -> Principal:
        """Who the holder of a key or token is. What does not even look like one costs no look-up.

        :raises Unauthorized: if it is neither, or was revoked, or has expired.
        :raises StorageUnavailable: if that can't be found out for now.
        """
        print_of_it = fingerprint(credential)
        known = self.known.get(print_of_it)
        if known is None:
            if is_well_formed(credential) or print_of_it in self._free_form:
                known = await self._look_up_key(print_of_it)
            elif looks_like_token(credential):
                known = await self._look_up_token(credential, print_of_it)
            else:
                raise Unauthorized
        if not known.holder.is_good(self._clock.now()):
            raise Unauthorized
        return known.principal

    async def identity(self, principal: Principal) -> Identity:
        """Who is behind a request.

        :raises Unauthorized: if it was made as nobody, or by one who is gone since.
        """

        def work(tx: Tx) -> Identity:
            if principal.key_id is not None:
                held = _get(tx, principal, principal.key_id)
                return Identity(account=held.account, user=held.user, key=held.key)
            found = None if principal.user_id is None else store.find_login(tx, principal.user_id)
            if found is None or found[1].id != principal.account_id:
                raise Unauthorized
            return Identity(account=found[1], user=found[0], key=None)

        try:
            return await self._db.read(work)
        except KeyNotFound:
            raise Unauthorized from None

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

        def work(tx: Tx) -> None:
            store.add_key(tx, key, fingerprint(secret))
            detail = {"name": name, "scopes": sorted(scopes), "bound": sessions is not None}
            audit.append(tx, principal, Action.KEY_CREATED, key.id, now=now, detail=detail)

        await self._db.write(work)
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
            audit.append(tx, principal, Action.KEY_REVOKED, key_id, now=now)
            tx.after_commit(lambda: self.known.forget(revoked))

        await self._db.write(work)

    async def _look_up_key(self, print_of_key: bytes) -> Remembered:
        look_up = self.known.begin()
        holder = await self._db.read(lambda tx: store.find_holder(tx, print_of_key))
        known = self.known.end(look_up, print_of_key, holder)
        if known is None or holder is None:
            raise Unauthorized
        now = self._clock.now()
        used = holder.key.last_used_at
        if holder.is_good(now) and (used is None or now - used >= LAST_USED_RESOLUTION):
            # Nobody is refused because this can't be noted.
            with suppress(StorageUnavailable):
                await self._db.write(lambda tx: store.touch_key(tx, holder.account.id, holder.key.id, now))
        return known

    async def _look_up_token(self, token: str, print_of_token: bytes) -> Remembered:
        claims = self.tokens.read(token)
        look_up = self.known.begin()
        found = await self._db.read(lambda tx: store.find_login(tx, claims.user_id))
        login = None
        if found is not None and (found[1].id, found[0].token_epoch) == (claims.account_id, claims.epoch):
            login = Login(user=found[0], account=found[1], expires_at=claims.expires_at)
        known = self.known.end(look_up, print_of_token, login)
        if known is None:
            raise Unauthorized
        return known


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
