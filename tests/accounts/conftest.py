"""Accounts on a database of each kind, with a first administrator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wagate.accounts import store
from wagate.accounts.api import router
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey
from wagate.accounts.service import Accounts
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, KeyId
from wagate.core.settings import Settings
from wagate.storage.database import Database, Tx
from wagate.web.principal import Scope
from wagate.web.testing import AsgiClient, app_of


@dataclass
class Rig:
    """The service with its routes, and somebody to use it."""

    accounts: Accounts
    db: Database
    clock: ManualClock
    entropy: Entropy
    admin_key: str

    def client(self, key: str = "") -> AsgiClient:
        app = app_of(router(self.accounts))
        app.state.authenticate = self.accounts.authenticate
        return AsgiClient(app, key)

    @property
    def admin(self) -> AsgiClient:
        return self.client(self.admin_key)

    async def other_account(self) -> str:
        """The admin key of another account."""
        secret = new_key(self.entropy)
        now = self.clock.now()
        account = Account(id=AccountId.new(now, self.entropy), name="Other", created_at=now)
        key = ApiKey(
            id=KeyId.new(now, self.entropy),
            account_id=account.id,
            user_id=None,
            name="Other",
            hint=hint(secret),
            scopes=frozenset({Scope.ADMIN}),
            sessions=None,
            created_at=now,
        )

        def work(tx: Tx) -> None:
            store.add_account(tx, account)
            store.add_key(tx, key, fingerprint(secret))

        await self.db.write(work)
        return secret


@pytest.fixture
async def rig(database: Database, clock: ManualClock, entropy: Entropy, tmp_path: Path) -> AsyncIterator[Rig]:
    accounts = Accounts(database, clock, entropy)
    first = await accounts.ensure_admin(Settings(_env_file=None), tmp_path, lambda _text: None)
    assert first is not None
    yield Rig(accounts=accounts, db=database, clock=clock, entropy=entropy, admin_key=first.key)
