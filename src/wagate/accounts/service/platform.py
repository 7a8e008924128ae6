"""All accounts, and what may be set while the gateway runs: the business of those who run it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from wagate.accounts import store
from wagate.accounts.errors import AccountNotFound, OwnAccount
from wagate.accounts.model import Account, PlatformSettings
from wagate.accounts.service.known import Known
from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core.clock import Clock
from wagate.core.ids import AccountId
from wagate.core.settings import Registration
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal

#: A working day, and a reserve.
DEFAULT_LOGIN_HOURS: Final = 12
#: What an account leaves running is stopped in the transaction that disables it.
Stop = Callable[[Tx, AccountId, datetime], None]


class Platform:
    """Every account, and the settings."""

    def __init__(self, *, db: Database, clock: Clock, known: Known, registration: Registration, stop: Stop) -> None:
        """``registration`` counts until it is set otherwise. ``stop`` disconnects the sessions of an account."""
        self._db = db
        self._clock = clock
        self._known = known
        self._registration: Registration = registration
        self._stop = stop

    async def page(self, *, after: str | None, limit: int) -> list[Account]:
        """All accounts, oldest first, those made after ``after``."""
        return await self._db.read(lambda tx: store.list_accounts(tx, after=after, limit=limit))

    async def get(self, account_id: AccountId) -> Account:
        """:raises AccountNotFound: if there is none."""
        return await self._db.read(lambda tx: _get(tx, account_id))

    async def change(
        self, principal: Principal, account_id: AccountId, *, name: str | None, disabled: bool | None
    ) -> Account:
        """Name an account, disable it or enable it again. What belongs to a disabled account stays, but its keys and
        log-ins are refused and its sessions disconnected; they are not connected again by enabling it.

        :raises AccountNotFound: if there is none. :raises OwnAccount: if it is the principal's own.
        """
        if disabled and account_id == principal.account_id:
            raise OwnAccount
        now = self._clock.now()

        def work(tx: Tx) -> Account:
            store.lock_account(tx, account_id)
            before = _get(tx, account_id)
            after = before if name is None else replace(before, name=name)
            if disabled is not None and disabled != (before.disabled_at is not None):
                after = replace(after, disabled_at=now if disabled else None)
                action = Action.ACCOUNT_DISABLED if disabled else Action.ACCOUNT_ENABLED
                audit.append(tx, principal, action, account_id, now=now, account_id=account_id)
            if after.name != before.name:
                audit.append(tx, principal, Action.ACCOUNT_UPDATED, account_id, now=now, account_id=account_id)
            store.save_account(tx, after)
            if disabled:
                self._stop(tx, account_id, now)
            tx.after_commit(lambda: self._known.forget_account(account_id))
            return after

        return await self._db.write(work)

    async def settings(self) -> PlatformSettings:
        """What holds now, also if another process changed it a moment ago."""
        return self._merged(await self._db.read(store.changed_settings))

    async def change_settings(self, principal: Principal, changes: Mapping[str, Any]) -> PlatformSettings:
        """Set some of :class:`PlatformSettings`'s fields by name; ``None`` is to go back to how the program started."""
        now = self._clock.now()

        def work(tx: Tx) -> PlatformSettings:
            store.change_settings(tx, changes)
            audit.append(tx, principal, Action.SETTINGS_CHANGED, now=now, detail=changes)
            return self._merged(store.changed_settings(tx))

        return await self._db.write(work)

    def _merged(self, changed: Mapping[str, Any]) -> PlatformSettings:
        return PlatformSettings(
            registration=changed.get("registration", self._registration),
            login_hours=changed.get("login_hours", DEFAULT_LOGIN_HOURS),
        )


def _get(tx: Tx, account_id: AccountId) -> Account:
    found = store.account(tx, account_id)
    if found is None:
        raise AccountNotFound
    return found
