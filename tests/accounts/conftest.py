"""Accounts on a database of each kind, with a first administrator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from wagate.accounts import store
from wagate.accounts.api import logins_router, members_router, platform_router, router
from wagate.accounts.attempts import Attempts
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey
from wagate.accounts.passwords import Passwords
from wagate.accounts.service import Accounts, Logins, Members, Platform
from wagate.audit.api import router as audit_router
from wagate.audit.service import AuditLog
from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId, Entropy, KeyId
from wagate.core.seal import KeyRing
from wagate.core.settings import Settings
from wagate.storage.database import Database, Tx
from wagate.storage.rates import LocalRates
from wagate.web.principal import Scope
from wagate.web.testing import Answer, AsgiClient, app_of

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


@dataclass
class Rig:
    """The services of one gateway with their routes, and somebody to use them."""

    db: Database
    clock: ManualClock
    ring: KeyRing
    entropy: Entropy
    admin_key: str = ""
    admin_password: str = ""
    stopped: list[tuple[AccountId, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.attempts = Attempts(LocalRates(self.clock))
        self.accounts = Accounts(self.db, self.clock, self.ring, self.entropy)
        self.platform = Platform(
            db=self.db,
            clock=self.clock,
            known=self.accounts.known,
            registration="open",
            stop=lambda _tx, account, now: self.stopped.append((account, now)),
        )
        shared: dict[str, Any] = {
            "db": self.db,
            "clock": self.clock,
            "accounts": self.accounts,
            "passwords": Passwords(),
            "attempts": self.attempts,
            "entropy": self.entropy,
        }
        self.logins = Logins(platform=self.platform, **shared)
        self.members = Members(**shared)
        self.app = app_of(
            router(self.accounts),
            logins_router(self.logins, self.clock),
            members_router(self.members),
            platform_router(self.platform),
            audit_router(AuditLog(self.db)),
        )
        self.app.state.authenticate = self.accounts.authenticate

    def client(self, key: str = "") -> AsgiClient:
        return AsgiClient(self.app, key)

    @property
    def admin(self) -> AsgiClient:
        return self.client(self.admin_key)

    def another_gateway(self, ring: KeyRing | None = None) -> "Rig":
        """On the same database."""
        return Rig(db=self.db, clock=self.clock, ring=ring or self.ring, entropy=self.entropy)

    async def register(self, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
        answer = await self.client().post("/api/register", json={"email": email, "password": password, "name": "Ada"})
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json()
        return made

    async def log_in(self, email: str = EMAIL, password: str = PASSWORD, **options: Any) -> Answer:
        return await self.client().post("/api/login", json={"email": email, "password": password}, **options)

    async def token(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        answer = await self.log_in(email, password)
        assert answer.status == 200, answer.body
        return str(answer.json()["token"])

    async def audited(self, **query: str) -> list[dict[str, Any]]:
        """The audit log, newest first."""
        answer = await self.admin.get("/api/admin/audit", params={"limit": 200, **query})
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

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
async def rig(
    database: Database, clock: ManualClock, ring: KeyRing, entropy: Entropy, tmp_path: Path
) -> AsyncIterator[Rig]:
    rig = Rig(db=database, clock=clock, ring=ring, entropy=entropy)
    first = await rig.accounts.ensure_admin(Settings(_env_file=None), tmp_path, lambda _text: None)
    assert first is not None
    rig.admin_key, rig.admin_password = first.key, first.password
    yield rig
