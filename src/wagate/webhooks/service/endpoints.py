"""What customers ask for: endpoints, their secrets, deliveries and replay."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from wagate.audit import service as audit
from wagate.audit.model import Action
from wagate.core import jsontext
from wagate.core.clock import Clock
from wagate.core.ids import AccountId, DeliveryId, EndpointId, Entropy, EventId, SessionId
from wagate.core.seal import KeyRing
from wagate.events.model import rfc3339
from wagate.events.service import EventLog
from wagate.storage.bus import Bus
from wagate.storage.database import Database, Tx
from wagate.web.principal import Principal
from wagate.webhooks import store
from wagate.webhooks.errors import (
    DeliveryNotFound,
    DeliveryPending,
    EndpointNotFound,
    HeaderRefused,
    SessionsOutOfReach,
    TooManyEndpoints,
)
from wagate.webhooks.model import MAX_ENDPOINTS, ROTATION, Answer, Delivery, DeliveryStatus, Endpoint
from wagate.webhooks.service.ledger import CHANGED
from wagate.webhooks.service.secrets import Secrets, shown
from wagate.webhooks.service.sending import Poster, Sender, Target

#: The type of the event that ``…/test`` sends; it is in no log.
TEST_TYPE = "webhook.test"

_MAX_HEADERS = 20
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?")
#: What the connection is made of, and what we say ourselves.
_OUR_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive", "te"}
    | {"trailer", "transfer-encoding", "upgrade"}
)


class Guarded(Poster, Protocol):
    """The part of :class:`wagate.web.egress.Egress` that is needed here."""

    async def check_destination(self, url: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """What a customer says of a new endpoint."""

    url: str
    description: str
    events: tuple[str, ...] | None
    sessions: tuple[SessionId, ...] | None
    headers: Mapping[str, str]
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """How a test went."""

    answer: Answer
    seconds: float


class Webhooks:
    """An account's endpoints. A key that is bound to sessions sees and makes endpoints for those only."""

    def __init__(
        self,
        *,
        db: Database,
        log: EventLog,
        bus: Bus,
        clock: Clock,
        ring: KeyRing,
        egress: Guarded,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._db = db
        self._log = log
        self._bus = bus
        self._clock = clock
        self._egress = egress
        self._entropy = entropy
        self._secrets = Secrets(ring, entropy)
        self._sender = Sender(egress, clock)

    async def create(self, principal: Principal, new: NewEndpoint) -> tuple[Endpoint, str]:
        """Make an endpoint; also the secret, which is not shown again. It is told what happens from now on.

        :raises EgressRefused: if the URL leads where it may not.
        :raises HeaderRefused, SessionsOutOfReach, TooManyEndpoints:
        """
        check_headers(new.headers)
        sessions = _within_reach(principal, new.sessions)
        await self._egress.check_destination(new.url)
        now = self._clock.now()
        id = EndpointId.new(now, self._entropy)
        secret = self._secrets.new()
        endpoint = Endpoint(
            id=id,
            account_id=principal.account_id,
            url=new.url,
            description=new.description,
            events=new.events,
            sessions=sessions,
            enabled=new.enabled,
            disabled_reason=None,
            paused_until=None,
            start_seq=0,
            sealed_secret=self._secrets.seal_secret(id, secret),
            sealed_previous=None,
            previous_until=None,
            sealed_headers=self._secrets.seal_headers(id, new.headers),
            created_at=now,
            updated_at=now,
        )

        def work(tx: Tx) -> Endpoint:
            if store.count_endpoints(tx, principal.account_id) >= MAX_ENDPOINTS:
                raise TooManyEndpoints(f"An account may have {MAX_ENDPOINTS} endpoints")
            made = replace(endpoint, start_seq=self._log.head_at(tx))
            store.add_endpoint(tx, made)
            audit.append(tx, principal, Action.WEBHOOK_CREATED, id, now=now)
            self._announce(tx)
            return made

        return await self._db.write(work), shown(secret)

    async def get(self, principal: Principal, endpoint_id: EndpointId) -> Endpoint:
        """:raises EndpointNotFound:"""
        return await self._db.read(lambda tx: self._reached(tx, principal, endpoint_id))

    async def list(self, principal: Principal, *, after: str | None, limit: int) -> Sequence[Endpoint]:
        """The endpoints, oldest first."""
        if principal.sessions is None:
            return await self._db.read(
                lambda tx: store.list_endpoints(tx, principal.account_id, after=after, limit=limit)
            )
        # An account has few enough of them that the rest need not be left out by the database.
        every = await self._db.read(
            lambda tx: store.list_endpoints(tx, principal.account_id, after=after, limit=MAX_ENDPOINTS)
        )
        return [endpoint for endpoint in every if _reaches(principal, endpoint)][:limit]

    async def update(self, principal: Principal, endpoint_id: EndpointId, changes: Mapping[str, Any]) -> Endpoint:
        """Change some of :class:`NewEndpoint`'s fields. An endpoint that is enabled again is told what happens from
        then on and what was waiting when it was disabled.

        :raises EndpointNotFound, EgressRefused, HeaderRefused, SessionsOutOfReach:
        """
        changes = dict(changes)
        fields = sorted(changes)
        if "headers" in changes:
            check_headers(changes["headers"])
            changes["sealed_headers"] = self._secrets.seal_headers(endpoint_id, changes.pop("headers"))
        if "sessions" in changes:
            changes["sessions"] = _within_reach(principal, changes["sessions"])
        if "url" in changes:
            await self._egress.check_destination(changes["url"])

        def change(tx: Tx, endpoint: Endpoint) -> Endpoint:
            if changes.get("enabled") and not endpoint.enabled:
                endpoint = replace(endpoint, start_seq=self._log.head_at(tx), disabled_reason=None, paused_until=None)
            now, detail = self._clock.now(), {"fields": fields}
            audit.append(tx, principal, Action.WEBHOOK_UPDATED, endpoint_id, now=now, detail=detail)
            return replace(endpoint, **changes)

        return await self._change(principal, endpoint_id, change)

    async def rotate(self, principal: Principal, endpoint_id: EndpointId) -> tuple[Endpoint, str]:
        """Give the endpoint another secret; both sign for 24 hours.

        :raises EndpointNotFound:
        """
        secret = self._secrets.new()
        sealed = self._secrets.seal_secret(endpoint_id, secret)
        until = self._clock.now() + ROTATION

        def change(tx: Tx, endpoint: Endpoint) -> Endpoint:
            audit.append(tx, principal, Action.WEBHOOK_SECRET_ROTATED, endpoint_id, now=self._clock.now())
            return replace(endpoint, sealed_secret=sealed, sealed_previous=endpoint.sealed_secret, previous_until=until)

        return await self._change(principal, endpoint_id, change), shown(secret)

    async def delete(self, principal: Principal, endpoint_id: EndpointId) -> None:
        """Delete the endpoint and everything that waits for it.

        :raises EndpointNotFound:
        """

        def work(tx: Tx) -> None:
            self._reached(tx, principal, endpoint_id)
            store.delete_endpoint(tx, principal.account_id, endpoint_id)
            audit.append(tx, principal, Action.WEBHOOK_DELETED, endpoint_id, now=self._clock.now())
            self._announce(tx)

        await self._db.write(work)

    async def test(self, principal: Principal, endpoint_id: EndpointId) -> TestResult:
        """Make one attempt with an event that never happened, also if the endpoint is disabled.

        :raises EndpointNotFound:
        """
        endpoint = await self.get(principal, endpoint_id)
        now = self._clock.now()
        body = {
            "type": TEST_TYPE,
            "timestamp": rfc3339(now),
            "data": {"endpointId": endpoint.id, "message": "If you can read this, the endpoint works."},
        }
        began = self._clock.monotonic()
        target = Target.of(endpoint, self._secrets)
        answer = await self._sender.send(target, EventId.new(now, self._entropy), jsontext.encode(body).decode())
        return TestResult(answer=answer, seconds=self._clock.monotonic() - began)

    def headers_of(self, endpoint: Endpoint) -> dict[str, str]:
        """The headers that the customer wants sent along; their values may be secret."""
        return self._secrets.open_headers(endpoint.id, endpoint.sealed_headers)

    async def deliveries(
        self,
        principal: Principal,
        endpoint_id: EndpointId,
        *,
        status: DeliveryStatus | None,
        before: int | None,
        limit: int,
    ) -> Sequence[Delivery]:
        """The endpoint's deliveries, newest event first, from before the event with the number ``before``.

        :raises EndpointNotFound:
        """

        def work(tx: Tx) -> Sequence[Delivery]:
            self._reached(tx, principal, endpoint_id)
            return store.list_deliveries(tx, endpoint_id, status=status, before=before, limit=limit)

        return await self._db.read(work)

    async def replay_delivery(
        self, principal: Principal, delivery_id: DeliveryId, endpoint_id: EndpointId | None = None
    ) -> Delivery:
        """Begin a finished delivery anew, with all its attempts; ``endpoint_id`` must be its endpoint if given.

        :raises DeliveryNotFound: also if its event is not kept any more.
        :raises DeliveryPending: if it is not finished.
        """

        def work(tx: Tx) -> Delivery:
            found = store.delivery(tx, principal.account_id, delivery_id)
            if found is None or not _reaches(principal, found[1]) or endpoint_id not in (None, found[1].id):
                raise DeliveryNotFound
            delivery, _ = found
            if delivery.status is DeliveryStatus.PENDING:
                raise DeliveryPending
            store.start_over(tx, [(delivery.id, store.take_positions(tx, 1) + 1)])
            audit.append(tx, principal, Action.WEBHOOK_REPLAYED, delivery_id, now=self._clock.now())
            self._announce(tx)
            again = store.delivery(tx, principal.account_id, delivery_id)
            assert again is not None
            return again[0]

        return await self._db.write(work)

    async def replay(self, principal: Principal, endpoint_id: EndpointId, after: EventId | datetime) -> None:
        """Tell the endpoint again all that it would have been told since ``after``, as its filters are now, in order.
        What is waiting to be told is not repeated.

        :raises EndpointNotFound:
        """
        await self.get(principal, endpoint_id)
        account_id: AccountId = principal.account_id
        place = (
            await self._log.position(account_id, after)
            if isinstance(after, EventId)
            else await self._log.position_at(account_id, after)
        )

        def work(tx: Tx) -> None:
            self._reached(tx, principal, endpoint_id)
            now = self._clock.now()
            store.add_replay(tx, endpoint_id, place, now)
            audit.append(tx, principal, Action.WEBHOOK_REPLAYED, endpoint_id, now=now)
            self._announce(tx)

        await self._db.write(work)

    async def _change(
        self, principal: Principal, endpoint_id: EndpointId, change: Callable[[Tx, Endpoint], Endpoint]
    ) -> Endpoint:
        def work(tx: Tx) -> Endpoint:
            before = self._reached(tx, principal, endpoint_id)
            changed = replace(change(tx, before), updated_at=self._clock.now())
            store.save_endpoint(tx, changed)
            self._announce(tx)
            return changed

        return await self._db.write(work)

    def _announce(self, tx: Tx) -> None:
        tx.after_commit(lambda: self._bus.publish(CHANGED))

    @staticmethod
    def _reached(tx: Tx, principal: Principal, endpoint_id: EndpointId) -> Endpoint:
        endpoint = store.endpoint(tx, principal.account_id, endpoint_id)
        if endpoint is None or not _reaches(principal, endpoint):
            raise EndpointNotFound
        return endpoint


def check_headers(headers: Mapping[str, str]) -> None:
    """:raises HeaderRefused: if one of these can't be sent along."""
    if len(headers) > _MAX_HEADERS:
        raise HeaderRefused(f"At most {_MAX_HEADERS} headers can be sent along")
    if len({name.lower() for name in headers}) < len(headers):
        raise HeaderRefused("A header is given twice")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise HeaderRefused("A header's name is a token, its value up to 1024 printable ASCII characters")
        lowered = name.lower()
        if lowered in _OUR_HEADERS or lowered.startswith(("webhook-", "proxy-")):
            raise HeaderRefused(f"The header {name} can't be chosen")


def _reaches(principal: Principal, endpoint: Endpoint) -> bool:
    if principal.sessions is None:
        return True
    return endpoint.sessions is not None and principal.sessions.issuperset(endpoint.sessions)


def _within_reach(principal: Principal, sessions: tuple[SessionId, ...] | None) -> tuple[SessionId, ...] | None:
    if principal.sessions is None:
        return sessions
    if sessions is None:
        return tuple(sorted(principal.sessions))
    if not principal.sessions.issuperset(sessions):
        raise SessionsOutOfReach
    return sessions
