"""Tenants and their load: sends by clients that repeat what got no answer, and people who write."""

import asyncio
import hashlib
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from tests.chaos.fleet import ChaosFleet
from tests.faults.evidence import Flow
from tests.scenarios.rig import Json, media, new_number
from wagate.accounts import store
from wagate.accounts.keys import fingerprint, hint, new_key
from wagate.accounts.model import Account, ApiKey
from wagate.cli.client import ApiClient
from wagate.cli.sink import WebhookSink
from wagate.core.ids import AccountId, KeyId
from wagate.storage.database import Database, Tx
from wagate.web.principal import Scope

#: A client gives a request up after this; then it asks again with the same key.
_CLIENT_SECONDS = aiohttp.ClientTimeout(total=30)
_AGAIN_SECONDS = 0.1
#: A flow has so many messages under way at most.
_WINDOW = 60
#: Seconds between two messages of a flow, drawn from here.
_PAUSE = (0.4, 1.2)
_FILE_PAUSE = (2.0, 4.0)
_FILE_BYTES = 20_000
#: No answer at all, among statuses.
NO_ANSWER = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFlow(Flow):
    """Documents instead of texts; the caption is what :class:`Flow` has as text."""

    def content(self, number: int) -> bytes:
        return random.Random(self.text(number)).randbytes(_FILE_BYTES)

    def digest(self, number: int) -> str:
        return hashlib.sha256(self.content(number)).hexdigest()


class Receiver(WebhookSink):
    """A tenant's webhook receiver, which also notes when each event came first."""

    def __init__(self) -> None:
        super().__init__()
        #: By the monotonic clock, in the order of :attr:`events`.
        self.times: list[float] = []

    async def _receive(self, request: web.Request) -> web.Response:
        answer = await super()._receive(request)
        self.times += [time.monotonic()] * (len(self.events) - len(self.times))
        return answer


@dataclass(slots=True, kw_only=True)
class Tenant:
    """One customer: an account with its own key, receiver, sessions and people."""

    name: str
    account: str
    api: ApiClient
    sink: Receiver
    #: Session ids by the numbers that they are linked to.
    sessions: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request of a client, as it saw it."""

    at: float
    seconds: float
    status: int
    #: Whether it was answered by a refusal that clients are to expect, with the time to wait.
    says_when: bool = False
    #: Seconds for which the client asked to wait for WhatsApp's word.
    asked_to_wait: int = 0


@dataclass(slots=True)
class Clients:
    """What all clients met."""

    attempts: list[Attempt] = field(default_factory=list)
    #: Since when clients wait to have one message accepted, by its key.
    waiting: dict[str, float] = field(default_factory=dict)
    #: When clients were through that had waited, and how long they had.
    waited: list[tuple[float, float]] = field(default_factory=list)
    #: What came that no careful client should ever see.
    surprises: Counter[str] = field(default_factory=Counter)

    def between(self, begin: float, end: float) -> list[Attempt]:
        """The attempts that ended within that time of the monotonic clock."""
        return [attempt for attempt in self.attempts if begin <= attempt.at + attempt.seconds < end]

    def longest_wait(self) -> float:
        """How long somebody waits for an acceptance already."""
        return time.monotonic() - min(self.waiting.values(), default=time.monotonic())

    def last_late(self, patience: float, since: float) -> float | None:
        """When, after ``since``, the last request was accepted that took longer than ``patience``; ``None`` if none."""
        ends = (end for end, waited in self.waited[-5_000:] if waited > patience and end > since)
        return max(ends, default=None)

    async def accepted(self, api: ApiClient, session: str, body: Json, key: str, wait: int = 0) -> Json:
        """Repeat one request with one key until it is accepted; the answer."""
        asked = self.waiting[key] = time.monotonic()
        while True:
            begun, status, says_when, answer = time.monotonic(), NO_ANSWER, False, {}
            try:
                async with api.http.post(
                    f"{api.url}/api/sessions/{session}/send?wait={wait}",
                    json=body,
                    headers={"Idempotency-Key": key},
                    timeout=_CLIENT_SECONDS,
                ) as response:
                    answer = await response.json(content_type=None)
                    status, says_when = response.status, "Retry-After" in response.headers
            except (aiohttp.ClientError, TimeoutError, ValueError):
                status = NO_ANSWER
            self.attempts.append(
                Attempt(
                    at=begun,
                    seconds=time.monotonic() - begun,
                    status=status,
                    says_when=says_when,
                    asked_to_wait=wait,
                )
            )
            if 200 <= status < 300:
                self.waiting.pop(key, None)
                self.waited.append((time.monotonic(), time.monotonic() - asked))
                return dict(answer)
            if status not in (NO_ANSWER, 503):
                self.surprises[f"{status} {answer.get('code')}: {answer.get('detail')}"] += 1
            await asyncio.sleep(_AGAIN_SECONDS)


class Traffic:
    """The load of all tenants, until stopped. ``promised`` is told of each message as it is promised."""

    def __init__(self, fleet: ChaosFleet, seed: int) -> None:
        self.fleet = fleet
        self.clients = Clients()
        self.tenants: list[Tenant] = []
        self.flows: list[Flow] = []
        self._random = random.Random(seed)
        self._stop = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []

    async def make_tenants(self, count: int, sessions: int) -> None:
        """Accounts, each with linked sessions, three people and a receiver of its own; and the flows between them."""
        for number in range(count):
            self.tenants.append(await self._tenant(f"tenant{number}"))
        links = [(tenant, new_number()) for tenant in self.tenants for _ in range(sessions)]
        for tenant, own in links:
            await self._link(tenant, own)
        for tenant in self.tenants:
            for name in ("Ada", "Bob", "Cyd"):
                tenant.people.append(await self.fleet.phone(new_number(), name))
            self.flows += _flows_within(tenant)
        for tenant, other in zip(self.tenants, [*self.tenants[1:], self.tenants[0]], strict=True):
            if tenant is not other:
                self.flows.append(_flow_between(tenant, other))

    def start(self, evidence: "Promises") -> None:
        loads = [self._send(flow, evidence) if flow.ours else self._write(flow, evidence) for flow in self.flows]
        self._work = [asyncio.create_task(load) for load in loads]

    async def stop(self) -> None:
        """End the load; what was asked for last is answered."""
        self._stop.set()
        await asyncio.gather(*self._work)
        self._work = []

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for tenant in self.tenants:
            await tenant.api.__aexit__(None, None, None)
            await tenant.sink.__aexit__(None, None, None)

    def check(self) -> None:
        """:raises Exception: if a load failed, which is a defect of this run and of nothing else."""
        for task in self._work:
            if task.done() and not self._stop.is_set():
                task.result()

    def tenant_of(self, session: str) -> Tenant:
        return next(tenant for tenant in self.tenants if session in tenant.sessions.values())

    @property
    def sessions(self) -> dict[str, str]:
        """All session ids by number."""
        return {number: session for tenant in self.tenants for number, session in tenant.sessions.items()}

    # -- within

    async def _tenant(self, name: str) -> Tenant:
        account, key = await new_account(self.fleet.postgres.url, name)
        sink = await Receiver().__aenter__()
        api = await ApiClient(self.fleet.balancer.url, key).__aenter__()
        body = {"url": sink.url, "enabled": True, "events": ["message.received"]}
        sink.secret = (await api.call("POST", "/api/webhooks/endpoints", body))["secret"]
        return Tenant(name=name, account=account, api=api, sink=sink)

    async def _link(self, tenant: Tenant, number: str) -> None:
        await self.fleet.phone(number, tenant.name)
        session = str((await tenant.api.call("POST", "/api/sessions", {"name": number}))["id"])
        tenant.sessions[number] = session
        await link(self.fleet, tenant.api, session, number)

    async def _send(self, flow: Flow, evidence: "Promises") -> None:
        tenant, number = self.tenant_of(flow.sender), 0
        to = f"+{flow.to}" if flow.to.isdigit() else flow.to
        # Some wait for WhatsApp's word, as many a customer does; most do not.
        wait = 3 if flow.name.endswith(">Bob") else 0
        while not self._stop.is_set():
            if len(evidence.missing(flow)) < _WINDOW:
                number += 1
                text = flow.text(number)
                body: Json = {"to": to, "text": text}
                if isinstance(flow, FileFlow):
                    file = media(flow.content(number), "application/pdf", "a.pdf")
                    body = {"to": to, "type": "document", "media": file, "caption": text}
                answer = await self.clients.accepted(tenant.api, flow.sender, body, f"load {text}", wait)
                evidence.promised(flow, number, answer["waId"])
            await asyncio.sleep(self._random.uniform(*_FILE_PAUSE if isinstance(flow, FileFlow) else _PAUSE))

    async def _write(self, flow: Flow, evidence: "Promises") -> None:
        number = 0
        while not self._stop.is_set():
            if len(evidence.missing(flow)) < _WINDOW:
                number += 1
                wa_id = await self.fleet.phone_sends(flow.sender, to=flow.to, text=flow.text(number))
                evidence.promised(flow, number, wa_id)
            await asyncio.sleep(self._random.uniform(*_PAUSE))


class Promises:
    """What a load tells what it promised; :class:`tests.chaos.evidence.Evidence` is one."""

    def promised(self, flow: Flow, number: int, wa_id: str) -> None: ...

    def missing(self, flow: Flow) -> Sequence[object]: ...


async def link(fleet: ChaosFleet, api: ApiClient, session: str, number: str) -> None:
    """Connect a session and scan with that phone."""
    await api.call("POST", f"/api/sessions/{session}/connect")
    code = await api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
    await fleet.phones.call("POST", f"/sandbox/phones/{number}/scan", {"qr": code["qrString"]})

    async def look() -> bool | None:
        return True if (await api.call("GET", f"/api/sessions/{session}"))["status"] == "connected" else None

    await fleet.until(look, f"{session} is connected", 60)


async def new_account(url: str, name: str) -> tuple[str, str]:
    """Put an account into the database; its id and the key of its administrator."""
    now, secret = datetime.now(UTC), new_key(os.urandom)
    account = Account(id=AccountId.new(now), name=name, created_at=now)
    key = ApiKey(
        id=KeyId.new(now),
        account_id=account.id,
        user_id=None,
        name=name,
        hint=hint(secret),
        scopes=frozenset({Scope.ADMIN}),
        sessions=None,
        created_at=now,
    )

    def work(tx: Tx) -> None:
        store.add_account(tx, account)
        store.add_key(tx, key, fingerprint(secret))

    db = await Database.open(url)
    await db.write(work)
    await db.close()
    return str(account.id), secret


def _flows_within(tenant: Tenant) -> list[Flow]:
    (own, session), *others = tenant.sessions.items()
    ada, bob, cyd = tenant.people
    name = tenant.name
    flows = [
        Flow(name=f"{name}>Ada", sender=session, to=ada, phones=(ada,)),
        Flow(name=f"{name}>Bob", sender=session, to=bob, phones=(bob,)),
        Flow(name=f"Ada>{name}", sender=ada, to=own, phones=(own,), sessions=(session,)),
        # A file that waits holds its chat back, so nothing else is written in this one.
        FileFlow(name=f"{name}>Cyd", sender=session, to=cyd, phones=(cyd,)),
    ]
    for number, (second, other) in enumerate(others):
        flows += [
            Flow(name=f"{name}.{number}>Ada", sender=other, to=ada, phones=(ada,)),
            Flow(name=f"Bob>{name}.{number}", sender=bob, to=second, phones=(second,), sessions=(other,)),
        ]
    return flows


def _flow_between(tenant: Tenant, other: Tenant) -> Flow:
    """From a session of one tenant to that of another, which alone may be told of it."""
    number, session = next(iter(other.sessions.items()))
    sender = next(iter(tenant.sessions.values()))
    return Flow(name=f"{tenant.name}>{other.name}", sender=sender, to=number, phones=(number,), sessions=(session,))
