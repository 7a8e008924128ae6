"""How many requests are answered: of an address, a key, a user, an account, and for sending, of a session.

Addresses are looked at before anything else, in this process alone; the others once it is known who asks, in counters
that all gateways share. A counter that can't be reached lets everybody pass. The headers ``RateLimit`` and
``RateLimit-Policy`` are those of draft-ietf-httpapi-ratelimit-headers.
"""

import asyncio
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wagate.core.clock import Clock
from wagate.core.errors import TooMany
from wagate.core.ids import SessionId
from wagate.core.rate import Rate
from wagate.core.settings import Settings
from wagate.storage.rates import LocalRates, Rates, Subject
from wagate.web.clients import ClientAddresses
from wagate.web.principal import Principal
from wagate.web.problems import problem

_OFF: Final = Rate(0)
#: Whoever watches the gateway must not be kept out by those it is watched for.
_NOT_COUNTED: Final = ("/health", "/metrics")
#: Where passwords may be tried.
_LOGIN: Final = frozenset({"/api/login", "/api/register"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What each may do. ``session`` counts requests to send; ``login`` and ``failure`` are those of one address."""

    address: Rate = _OFF
    key: Rate = _OFF
    user: Rate = _OFF
    account: Rate = _OFF
    session: Rate = _OFF
    login: Rate = _OFF
    failure: Rate = _OFF

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """What the settings say."""
        return cls(
            address=settings.rate_limit_ip,
            key=settings.rate_limit_key,
            user=settings.rate_limit_user,
            account=settings.rate_limit_account,
            session=settings.rate_limit_session,
            login=settings.rate_limit_login,
            failure=settings.rate_limit_failures,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit. ``resets`` are seconds, where somebody has asked."""

    subject: Subject
    rate: Rate
    left: int
    resets: int | None = None


@dataclass(slots=True)
class Limiter:
    """Counts requests against a policy."""

    policy: Policy
    rates: Rates
    local: LocalRates
    addresses: ClientAddresses = field(default_factory=ClientAddresses)

    @classmethod
    def off(cls, clock: Clock) -> "Limiter":
        """One that lets everybody pass."""
        local = LocalRates(clock)
        return cls(Policy(), local, local)

    @property
    def tells(self) -> bool:
        """Whether there is anything to say in headers."""
        policy = self.policy
        return bool(policy.key or policy.user or policy.account or policy.session)

    def check_address(self, scope: Scope) -> None:
        """:raises TooMany: if the client's address sent too much."""
        rate = self.policy.address
        if not rate or scope["path"].startswith(_NOT_COUNTED):
            return
        client = self.addresses.of(scope)
        if client and self.local.hit_now(Subject.ADDRESS, client, rate.seconds) > rate.count:
            left = self.local.left_now(Subject.ADDRESS, client)
            raise _refusal(HTTPConnection(scope), Subject.ADDRESS, rate, left)

    async def check_login(self, connection: HTTPConnection) -> None:
        """Count an attempt to log in, or to register.

        :raises TooMany: if the client's address made too many.
        """
        await self._check_client(connection, Subject.LOGIN, self.policy.login)

    async def check_failure(self, connection: HTTPConnection) -> None:
        """Count a credential that was not good. Good ones of the same address are not touched by it: behind one
        address there may be many.

        :raises TooMany: if the client's address showed too many.
        """
        await self._check_client(connection, Subject.FAILURE, self.policy.failure)

    async def check(self, connection: HTTPConnection, principal: Principal) -> None:
        """Count a request of this caller.

        :raises TooMany: if its key, user or account sent too many.
        """
        policy = self.policy
        counters: list[tuple[Subject, str, Rate]] = []
        if policy.key and principal.key_id is not None:
            counters.append((Subject.KEY, principal.key_id, policy.key))
        if policy.user and principal.user_id is not None:
            counters.append((Subject.USER, principal.user_id, policy.user))
        if policy.account:
            counters.append((Subject.ACCOUNT, principal.account_id, policy.account))
        if len(counters) == 1:
            await self._check(connection, *counters[0])
        elif counters:
            # Together, so that a Redis that is slow is waited for once.
            refused = await asyncio.gather(
                *(self._check(connection, *counter) for counter in counters), return_exceptions=True
            )
            for refusal in refused:
                if refusal is not None:
                    raise refusal

    async def check_send(self, connection: HTTPConnection, principal: Principal, session: SessionId) -> None:
        """Count a request to send from a session.

        :raises TooMany: if there were too many.
        """
        if self.policy.session and principal.may_see(session):
            # With the account: nobody uses up what is another's.
            await self._check(connection, Subject.SESSION, f"{session}:{principal.account_id}", self.policy.session)

    async def _check_client(self, connection: HTTPConnection, subject: Subject, rate: Rate) -> None:
        if rate and (client := self.addresses.of(connection.scope)):
            await self._check(connection, subject, client, rate)

    async def _check(self, connection: HTTPConnection, subject: Subject, name: str, rate: Rate) -> None:
        count = await self.rates.hit(subject, name, rate.seconds)
        if count > rate.count:
            raise _refusal(connection, subject, rate, await self.rates.left(subject, name))
        _note(connection, Standing(subject, rate, rate.count - count))


async def check_send(request: HTTPConnection, principal: Principal, session: SessionId) -> None:
    """Count a request to send from a session, where the application has limits.

    :raises TooMany: if there were too many.
    """
    limiter: Limiter | None = getattr(request.app.state, "limiter", None)
    if limiter is not None:
        await limiter.check_send(request, principal, session)


async def check_again(connection: HTTPConnection, principal: Principal) -> None:
    """Count what a caller asks for over a connection that stays open, where the application has limits.

    :raises TooMany: if its key, user or account sent too many.
    """
    limiter: Limiter | None = getattr(connection.app.state, "limiter", None)
    if limiter is not None:
        # There is no answer with headers to note the standing for, and the connection may live for days.
        await limiter.check(HTTPConnection({**connection.scope, "state": {}}), principal)


class RateLimits:
    """The middleware: limits by address, and tells in headers how a caller stands."""

    def __init__(self, app: ASGIApp, limiter: Limiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._limiter.check_address(scope)
            login = scope["path"] in _LOGIN and scope.get("method") == "POST"
            if login:
                await self._limiter.check_login(HTTPConnection(scope))
        except TooMany as error:
            answer = problem(error, HTTPConnection(scope))
            await answer(scope, receive, _telling(send, scope))
            return
        await self._app(scope, receive, _telling(send, scope) if login or self._limiter.tells else send)


def _refusal(connection: HTTPConnection, subject: Subject, rate: Rate, left: float) -> TooMany:
    seconds = max(1, ceil(left))
    _note(connection, Standing(subject, rate, 0, seconds))
    whose = {
        Subject.ADDRESS: "this address may send {} requests",
        Subject.KEY: "this key may send {} requests",
        Subject.USER: "this user may send {} requests",
        Subject.ACCOUNT: "this account may send {} requests",
        Subject.SESSION: "this session may be asked to send {} messages",
        Subject.LOGIN: "from this address {} log-ins may be tried",
        Subject.FAILURE: "this address may show {} credentials that are not good",
    }[subject]
    unit = str(rate).partition("/")[2]
    sentence = f"{whose.format(rate.count)} a {unit}"
    return TooMany(sentence[0].upper() + sentence[1:], retry_after=seconds)


def _note(connection: HTTPConnection, standing: Standing) -> None:
    noted: list[Standing] | None = getattr(connection.state, "rate_limits", None)
    if noted is None:
        connection.state.rate_limits = [standing]
    else:
        noted.append(standing)


def _telling(send: Send, scope: Scope) -> Send:
    async def send_with_limits(message: Message) -> None:
        if message["type"] == "http.response.start":
            noted: list[Standing] | None = getattr(HTTPConnection(scope).state, "rate_limits", None)
            if noted:
                message["headers"] = [*message.get("headers", ()), *_headers(noted)]
        await send(message)

    return send_with_limits


def _headers(noted: list[Standing]) -> list[tuple[bytes, bytes]]:
    policies = ", ".join(f'"{one.subject}";q={one.rate.count};w={one.rate.seconds}' for one in noted)
    standings = ", ".join(
        f'"{one.subject}";r={one.left}' + ("" if one.resets is None else f";t={one.resets}") for one in noted
    )
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", standings.encode())]
