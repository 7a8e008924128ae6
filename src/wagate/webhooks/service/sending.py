"""One attempt: sign, POST, and read the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from standardwebhooks.webhooks import Webhook

from wagate.core import tracing
from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.web.egress import EgressFailed, EgressRefused, EgressResponse
from wagate.webhooks.model import MAX_EXCERPT, MAX_RESPONSE, TIMEOUT_SECONDS, Answer, Endpoint, retry_after
from wagate.webhooks.service.secrets import Secrets

_log = get_logger("wagate.webhooks")


class Poster(Protocol):
    """The part of :class:`wagate.web.egress.Egress` that is needed here."""

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], timeout: float, max_response: int
    ) -> EgressResponse: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint with its seals opened: what an attempt needs to know of it."""

    url: str
    headers: Mapping[str, str]
    current: Webhook
    previous: Webhook | None
    previous_until: datetime | None

    @classmethod
    def of(cls, endpoint: Endpoint, secrets: Secrets) -> "Target":
        """:raises SealBroken: if the key ring does not open what is sealed."""
        previous = endpoint.sealed_previous
        return cls(
            url=endpoint.url,
            headers=secrets.open_headers(endpoint.id, endpoint.sealed_headers),
            current=Webhook(secrets.open_secret(endpoint.id, endpoint.sealed_secret)),
            previous=None if previous is None else Webhook(secrets.open_secret(endpoint.id, previous)),
            previous_until=endpoint.previous_until,
        )

    def headers_for(self, event_id: str, body: str, now: datetime) -> dict[str, str]:
        """Everything that goes with ``body`` in an attempt made now."""
        signature = self.current.sign(event_id, now, body)
        if self.previous is not None and self.previous_until is not None and now < self.previous_until:
            signature = f"{signature} {self.previous.sign(event_id, now, body)}"
        return {
            **self.headers,
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }


class Sender:
    """Makes attempts. It knows nothing of what came before or comes after."""

    def __init__(self, poster: Poster, clock: Clock) -> None:
        self._poster = poster
        self._clock = clock

    async def send(self, target: Target, event_id: str, body: str, traceparent: str | None = None) -> Answer:
        """POST ``body``; whatever happens is an answer. While tracing is on, the receiver is told of the trace, which
        is the event's if ``traceparent`` is given.
        """
        with tracing.span("webhook", tracing.Kind.CLIENT, parent=traceparent, event_id=event_id) as span:
            headers = target.headers_for(event_id, body, self._clock.now())
            if span.traceparent is not None:
                headers["traceparent"] = span.traceparent
            answer = await self._post(target.url, body, headers)
            if not answer.accepted:
                span.fail("no_answer" if answer.status is None else f"http_{answer.status}")
            return answer

    async def _post(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        try:
            response = await self._poster.post(url, body.encode(), headers, TIMEOUT_SECONDS, MAX_RESPONSE)
        except EgressRefused as refused:
            return Answer(status=None, error=refused.code)
        except EgressFailed as failed:
            return Answer(status=None, error=failed.kind.value)
        except Exception:  # noqa: BLE001 - a bug here must not end the lane: it is a failed attempt like others
            _log.error("webhook attempt failed inside", exc_info=True)
            return Answer(status=None, error="internal_error")
        return _read(response, self._clock.now)


def _read(response: EgressResponse, now: Callable[[], datetime]) -> Answer:
    if 200 <= response.status < 300:
        return Answer(status=response.status)
    wait = None
    if response.status in (429, 503) and "retry-after" in response.headers:
        wait = retry_after(response.headers["retry-after"], now())
    return Answer(status=response.status, error=_told(response), wait=wait)


def _told(response: EgressResponse) -> str:
    """The status and the beginning of what the receiver said about it, on one line."""
    if 300 <= response.status < 400:
        return f"HTTP {response.status}: redirects are not followed"
    said = "".join(c if c.isprintable() else " " for c in response.body[: 4 * MAX_EXCERPT].decode(errors="replace"))
    said = " ".join(said.split())[:MAX_EXCERPT]
    return f"HTTP {response.status}: {said}" if said else f"HTTP {response.status}"
