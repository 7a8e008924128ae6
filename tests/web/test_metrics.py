"""What is counted reaches Prometheus, and nobody else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from wagate.core.clock import ManualClock
from wagate.core.ids import AccountId
from wagate.core.metrics import Counter, Gauge, Histogram
from wagate.storage.errors import StorageUnavailable
from wagate.web.auth import platform_admin
from wagate.web.metrics import BELIEVED_SECONDS, Exporter, ScrapeGuard, router
from wagate.web.principal import Principal, Scope
from wagate.web.testing import AsgiClient, app_of

SEEN = Counter("wagate_test_seen_total", "Seen.", ("what",))
TIMES = Histogram("wagate_test_seconds", 'Times, with a "quote"\nand a line.', bounds=(0.1, 1))
WAITING = Gauge("wagate_test_waiting", "Waiting.")

ACCOUNT = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))
OWNER = Principal(account_id=ACCOUNT, scopes=frozenset({Scope.ADMIN}))
PLATFORM = Principal(account_id=ACCOUNT, scopes=frozenset({Scope.ADMIN}), is_admin=True)
TOKEN = "a-token-of-the-scraper"


class Surveys:
    """Counts how often the database is asked, and can fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    async def survey(self) -> None:
        self.asked += 1
        if self.away:
            raise StorageUnavailable("away")
        WAITING.replace({(): self.asked})


@pytest.fixture
def surveys() -> Surveys:
    return Surveys()


@pytest.fixture
def exporter(surveys: Surveys, clock: ManualClock) -> Exporter:
    return Exporter((surveys.survey,), clock, "1.2.3")


def client(exporter: Exporter, token: str) -> AsgiClient:
    guard = ScrapeGuard(token, platform_admin)
    return AsgiClient(app_of(router(exporter, guard), keys={"owner": OWNER, "platform": PLATFORM}))


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


async def test_everything_that_was_counted_is_shown(exporter: Exporter) -> None:
    SEEN.add('a "strange" \\ name\n', by=3)
    for seconds in (0.05, 0.5, 5.0):
        TIMES.observe(seconds)
    text, content_type = await exporter.render()
    found = samples(text.decode())
    assert content_type.startswith("text/plain")
    assert found["wagate_test_seen_total", (("what", 'a "strange" \\ name\n'),)] == 3
    assert [found["wagate_test_seconds_bucket", (("le", bound),)] for bound in ("0.1", "1.0", "+Inf")] == [1, 2, 3]
    assert found["wagate_test_seconds_count", ()] == 3
    assert found["wagate_test_seconds_sum", ()] == pytest.approx(5.55)
    assert found["wagate_build_info", (("version", "1.2.3"),)] == 1
    assert found["process_resident_memory_bytes", ()] > 1e6


async def test_who_asks_for_openmetrics_gets_it(exporter: Exporter) -> None:
    text, content_type = await exporter.render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert "wagate_test_seen" in {family.name for family in parse_openmetrics(text.decode())}


async def test_the_database_is_asked_once_in_a_while_however_many_scrape(
    exporter: Exporter, surveys: Surveys, clock: ManualClock
) -> None:
    for _ in range(3):
        await exporter.render()
    assert surveys.asked == 1
    await clock.advance(BELIEVED_SECONDS)
    text, _ = await exporter.render()
    assert surveys.asked == 2
    assert samples(text.decode())["wagate_test_waiting", ()] == 2


async def test_without_the_database_the_process_still_tells_of_itself(exporter: Exporter, surveys: Surveys) -> None:
    surveys.away = True
    text, _ = await exporter.render()
    found = samples(text.decode())
    assert found["wagate_metrics_surveys_failed_total", ()] >= 1
    assert ("wagate_build_info", (("version", "1.2.3"),)) in found


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": "Bearer owner"}, 403),
        ({"authorization": "Bearer platform"}, 200),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
async def test_only_scrapers_and_platform_admins_may_look(
    exporter: Exporter, headers: dict[str, Any], status: int
) -> None:
    assert (await client(exporter, TOKEN).get("/metrics", headers=headers)).status == status


async def test_without_a_token_none_is_taken(exporter: Exporter) -> None:
    nobody = client(exporter, "")
    for given in ("", TOKEN, "None"):
        assert (await nobody.get("/metrics", headers={"authorization": f"Bearer {given}"})).status == 401
