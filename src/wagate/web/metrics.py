"""``/metrics`` for Prometheus, of a gateway or of a worker: everything of :mod:`wagate.core.metrics`, and the process.

What has to be looked up in the database is asked for by the exporter's surveys, once in a few seconds however many ask.
The library is imported with the first scrape: who does not scrape does not carry it.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fastapi import Depends, Request, Response

from wagate.core.clock import Clock
from wagate.core.errors import Unavailable
from wagate.core.ids import AccountId
from wagate.core.logging import get_logger
from wagate.core.metrics import Counter, Family, Gauge, Histogram, families
from wagate.web.auth import Guard, credential_of
from wagate.web.principal import Principal
from wagate.web.routing import ApiRouter

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

#: Prometheus asks every 15 s or so; several of them, or an impatient person, ask the database no more often than this.
BELIEVED_SECONDS: Final = 5.0
#: Scrapers give up after 10 s. What the process knows by itself is shown even if the database does not answer.
SURVEY_SECONDS: Final = 3.0

_BUILD = Gauge("wagate_build_info", "The version that runs; always 1.", ("version",))
_SURVEY_FAILED = Counter("wagate_metrics_surveys_failed_total", "Scrapes without fresh numbers of the database.")

#: Reads numbers, and may do nothing else.
_SCRAPER: Final = Principal(account_id=AccountId("acc_scraper"), scopes=frozenset())

_log = get_logger("metrics")

#: Looks up what only the database knows, and puts it into gauges.
Survey = Callable[[], Awaitable[None]]


class Exporter:
    """Renders everything that is counted."""

    def __init__(self, surveys: Sequence[Survey], clock: Clock, version: str) -> None:
        _BUILD.replace({(version,): 1.0})
        self._surveys = surveys
        self._clock = clock
        self._surveyed_at: float | None = None
        self._turn = asyncio.Lock()
        self._registry: CollectorRegistry | None = None

    async def render(self, accept: str = "") -> tuple[bytes, str]:
        """The text and its content type, in the newest form that ``accept`` takes."""
        await self._survey()
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        return encode(self._all()), content_type

    async def _survey(self) -> None:
        async with self._turn:
            now = self._clock.monotonic()
            if self._surveyed_at is not None and now - self._surveyed_at < BELIEVED_SECONDS:
                return
            self._surveyed_at = now
            try:
                async with asyncio.timeout(SURVEY_SECONDS):
                    for survey in self._surveys:
                        await survey()
            except (Unavailable, TimeoutError) as error:
                _SURVEY_FAILED.add()
                _log.warning("metrics without the database's numbers", error=type(error).__name__)

    def _all(self) -> "CollectorRegistry":
        if self._registry is None:
            from prometheus_client import CollectorRegistry
            from prometheus_client.platform_collector import PlatformCollector
            from prometheus_client.process_collector import ProcessCollector
            from prometheus_client.registry import Collector

            class Ours(Collector):
                def collect(self) -> Iterator["Metric"]:
                    return map(_metric, families())

            self._registry = CollectorRegistry()
            self._registry.register(Ours())
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)
        return self._registry


class ScrapeGuard(Guard):
    """Lets in who has the scrape token, if there is one; all others as ``otherwise`` does."""

    def __init__(self, token: str, otherwise: Guard) -> None:
        super().__init__(otherwise.scope, platform=otherwise.platform)
        self.credentials = (*otherwise.credentials, "scrapeToken")
        self._token = token.encode()
        self._otherwise = otherwise

    async def __call__(self, request: Request) -> Principal:
        """:raises Unauthorized: and what ``otherwise`` raises, without the token."""
        if self._token and hmac.compare_digest(credential_of(request).encode(), self._token):
            return _SCRAPER
        return await self._otherwise(request)


def router(exporter: Exporter, guard: Guard) -> ApiRouter:
    """The one route; not public, since numbers tell how much business there is."""
    routes = ApiRouter(tags=["operations"])

    @routes.get(
        "/metrics",
        dependencies=[Depends(guard)],
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text form."}},
    )
    async def get_metrics(request: Request) -> Response:
        """What this process counts and measures, for Prometheus. Takes `WAGATE_METRICS_TOKEN` as a bearer token, or a
        key of those who run this gateway.
        """
        text, content_type = await exporter.render(request.headers.get("accept", ""))
        return Response(text, media_type=content_type, headers={"Cache-Control": "no-store"})

    return routes


def _metric(family: Family) -> "Metric":
    from prometheus_client.metrics_core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )

    if isinstance(family, Counter):
        counted = CounterMetricFamily(family.name, family.help, labels=family.labels)
        for labels, value in list(family.values.items()):
            counted.add_metric(labels, value)
        return counted
    if isinstance(family, Gauge):
        measured = GaugeMetricFamily(family.name, family.help, labels=family.labels)
        for labels, number in family.read().items():
            measured.add_metric(labels, number)
        return measured
    if isinstance(family, Histogram):
        observed = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, series in list(family.series.items()):
            total, buckets = 0, []
            for bound, count in zip((*map(_bound, family.bounds), "+Inf"), series.counts, strict=True):
                total += count
                buckets.append((bound, total))
            observed.add_metric(labels, buckets, series.sum)
        return observed
    return Metric(family.name, family.help, "unknown")


def _bound(bound: float) -> str:
    return str(float(bound))
