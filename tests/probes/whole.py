"""The whole gateway in this process, without workers: what its routes say, thousands of times in a minute."""

import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import AsyncMock, patch

from fastapi import FastAPI

from wagate.accounts import store as accounts
from wagate.accounts.attempts import Attempts
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey, Role, User
from wagate.core.clock import SystemClock
from wagate.core.ids import AccountId, KeyId, SessionId, UserId
from wagate.core.settings import Settings
from wagate.engine.port import Endpoint
from wagate.events.model import EventType
from wagate.gateway.compose import gateway_app
from wagate.gateway.server import HttpServer
from wagate.runtime import Runtime, open_runtime
from wagate.sandbox.sandbox import Sandbox
from wagate.sessions import store as sessions
from wagate.sessions.model import SessionStatus
from wagate.storage.database import Tx
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient
from wagate.wire.jid import LID, Jid

Json = dict[str, Any]
#: Nobody listens there: what a session would connect to if a worker ran.
NOWHERE = "ws://127.0.0.1:9/"
#: What workers know the gateway by, and who collects its metrics.
FLEET_TOKEN: Final = "the-token-of-the-whole-fleet"
SCRAPE_TOKEN: Final = "the-token-of-who-collects-metrics"


@dataclass(frozen=True, slots=True)
class Gateway:
    """The application, and the services under it."""

    app: FastAPI
    runtime: Runtime

    def client(self, key: str) -> AsgiClient:
        """Calls as the holder of ``key``, or as nobody."""
        return AsgiClient(self.app, key)

    async def document(self) -> Json:
        """Its OpenAPI document."""
        made: Json = (await self.client("").get("/openapi.json")).json()
        return made

    async def account(self, name: str, *, platform: bool = False) -> tuple[AccountId, UserId]:
        """A new account, and its owner."""
        now = self.runtime.clock.now()
        account = Account(id=AccountId.new(now), name=name, created_at=now)
        user = User(
            id=UserId.new(now),
            account_id=account.id,
            email=f"{name}-{secrets.token_hex(4)}@example.org",
            name=name,
            role=Role.OWNER,
            is_admin=platform,
            created_at=now,
        )

        def work(tx: Tx) -> None:
            accounts.add_account(tx, account)
            accounts.add_user(tx, user, None)

        await self.runtime.db.write(work)
        return account.id, user.id

    async def key(
        self,
        account: AccountId,
        user: UserId | None,
        *scopes: Scope,
        sessions: Collection[SessionId] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[KeyId, str]:
        """A new key, which need not be one that the API would make."""
        now, secret = self.runtime.clock.now(), new_key(secrets.token_bytes)
        key = ApiKey(
            id=KeyId.new(now),
            account_id=account,
            user_id=user,
            name="key",
            hint=hint(secret),
            scopes=frozenset(scopes),
            sessions=None if sessions is None else frozenset(sessions),
            created_at=now,
            expires_at=expires_at,
        )
        await self.runtime.db.write(lambda tx: accounts.add_key(tx, key, fingerprint(secret)))
        return key.id, secret

    async def user(self, account: AccountId, role: Role, *, platform: bool = False) -> UserId:
        """Somebody who joins an account."""
        now = self.runtime.clock.now()
        user = User(
            id=UserId.new(now),
            account_id=account,
            email=f"{role}-{secrets.token_hex(4)}@example.org",
            name=str(role),
            role=role,
            is_admin=platform,
            created_at=now,
        )
        await self.runtime.db.write(lambda tx: accounts.add_user(tx, user, None))
        return user.id

    def token(self, account: AccountId, user: UserId, *, hours: int = 1) -> str:
        """The token of a first log-in; one that has expired if ``hours`` are negative."""
        made, _ = self.runtime.accounts.tokens.make(user, account, 0, timedelta(hours=hours))
        return made

    async def expired_key(self, account: AccountId, user: UserId) -> str:
        """An administrator's key that was good until a minute ago."""
        return (await self.key(account, user, Scope.ADMIN, expires_at=self.runtime.clock.now() - timedelta(minutes=1)))[
            1
        ]

    async def revoked_key(self, account: AccountId, user: UserId) -> str:
        """An administrator's key that was taken back."""
        key, secret = await self.key(account, user, Scope.ADMIN)
        await self.runtime.accounts.revoke_key(Principal(account_id=account, scopes=frozenset(Scope)), key)
        return secret

    async def append(self, account: AccountId, session: SessionId, text: str) -> None:
        """Have something happen to a session."""
        events = self.runtime.events
        await self.runtime.db.write(
            lambda tx: events.append(
                tx, account_id=account, session_id=session, type=EventType.MESSAGE_RECEIVED, data={"text": text}
            )
        )

    async def linked_session(self, account: AccountId, name: str, number: str) -> SessionId:
        """A session as it is when a phone was linked and nobody hosts it now."""
        everything = Principal(account_id=account, scopes=frozenset(Scope))
        made = await self.runtime.sessions.create(everything, name=name, phone=f"+{number}")
        linked = replace(
            made,
            status=SessionStatus.DISCONNECTED,
            jid=Jid(number, device=1),
            lid=Jid(f"9{number}", LID, 1),
            push_name=f"push name of {name}",
        )
        await self.runtime.db.write(lambda tx: sessions.save(tx, linked))
        return made.id


@asynccontextmanager
async def open_gateway(folder: Path, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway on a data folder of its own, with a sandbox to steer that no session is linked to."""
    given = {
        "data_dir": folder / "data",
        "allow_private_networks": "127.0.0.0/8",
        "worker_token": FLEET_TOKEN,
        "metrics_token": SCRAPE_TOKEN,
        # Who is refused thousands of times is to hear every time why.
        "rate_limit_failures": "0",
        "rate_limit_login": "0",
        **settings,
    }
    patience = patch.object(Attempts, "take", AsyncMock(return_value=0))
    async with open_runtime(Settings(_env_file=None, **given), Endpoint(url=NOWHERE), SystemClock()) as runtime:
        # As often as that nobody may try passwords.
        with patience:
            yield Gateway(gateway_app(runtime, sandbox=Sandbox()), runtime)


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[str]:
    """The gateway at a port of this machine, for what can't be had without one; its URL."""
    server = HttpServer(gateway.app, host="127.0.0.1", port=0)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


def credential_of(client: AsgiClient) -> str:
    """What it calls with; empty if it is nobody."""
    return client._headers.get("authorization", "").removeprefix("Bearer ")
