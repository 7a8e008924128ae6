"""Dashboard, alerts and autoscaling ask for metrics that exist, in a way that means something."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, REPOSITORY, Json, counters, documents, everywhere, labels, series

#: Labels that Prometheus itself adds.
ADDED = {"instance", "job", "namespace", "pod"}
_NAME = re.compile(r"\b((?:wagate|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\bby \(([^)]*)\)")


def panels() -> list[Json]:
    made: Json = json.loads((DEPLOY / "grafana/wagate.json").read_text())
    return [panel for panel in made["panels"] if panel["type"] != "row"]


def alerts() -> list[Json]:
    (made,) = documents(DEPLOY / "prometheus/alerts.yaml")
    return [rule for group in made["groups"] for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    """Every query that anything in deploy/ asks Prometheus, and where."""
    for panel in panels():
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for rule in alerts():
        yield f"alert {rule['alert']}", rule["expr"]
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        for document in documents(path):
            for name, value in everywhere(document):
                if name in ("query", "seriesQuery"):
                    yield str(path.relative_to(REPOSITORY)), value
                if name == "metric" and isinstance(value, dict):
                    yield str(path.relative_to(REPOSITORY)), value["name"]


ALL = list(queries())


def wrong(query: str) -> list[str]:
    """What is wrong with a query."""
    found = []
    known = set(ADDED)
    for name, selector in _NAME.findall(query):
        if name not in series():
            found.append(f"there is no {name}")
            continue
        own = labels().get(name, frozenset())
        known |= own
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector):
            if label not in own | ADDED:
                found.append(f"{name} has no label {label}")
        rising = name in counters() or name.endswith(("_bucket", "_sum", "_count"))
        if rising and not re.search(rf"(?:rate|increase)\({re.escape(name)}", query):
            found.append(f"{name} only rises; ask for its rate")
    for group in _GROUPING.findall(query):
        found += [f"nothing has the label {label}" for label in map(str.strip, group.split(",")) if label not in known]
    if query.count("(") != query.count(")"):
        found.append("parentheses do not match")
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(panels()) > 25
    assert len(alerts()) > 15
    assert len(ALL) > 60


@pytest.mark.parametrize(("where", "query"), ALL, ids=[f"{n}-{where}" for n, (where, _) in enumerate(ALL)])
def test_a_query_asks_for_what_there_is(where: str, query: str) -> None:
    assert wrong(query) == [], where


@pytest.mark.parametrize(
    "query",
    [
        "wagate_messages_sent",
        "sum by (account) (wagate_sessions)",
        'wagate_sessions{state="connected"}',
        "sum(wagate_messages_accepted_total)",
        "histogram_quantile(0.9, sum by (le) (wagate_loop_lag_seconds_bucket))",
        "max(wagate_sessions",
    ],
)
def test_a_query_for_what_is_not_there_is_seen(query: str) -> None:
    assert wrong(query)


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    asked = {name for _, query in ALL for name, _ in _NAME.findall(query)}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in series() if not name.startswith("wagate_test_")}
    assert ours - shown == set()


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_alert_says_how_bad_it_is_and_is_explained() -> None:
    page = (REPOSITORY / "docs/operations/alerts.md").read_text()
    explained = re.findall(r"^## (\w+)$", page, re.M)
    assert sorted(explained) == sorted(rule["alert"] for rule in alerts())
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert re.fullmatch(r"\d+[smh]", rule["for"])
        assert rule["annotations"]["summary"]
    for section in re.split(r"^## ", page, flags=re.M)[1:]:
        assert "**Look**" in section, section.splitlines()[0]
        assert re.search(r"\*\*[Dd]o\*\*", section), section.splitlines()[0]


def test_what_alerts_quote_of_the_log_is_logged() -> None:
    page = (REPOSITORY / "docs/operations/alerts.md").read_text()
    sources = "".join(path.read_text() for path in sorted((REPOSITORY / "src").rglob("*.py")))
    quoted = set(re.findall(r"`([a-z][a-z' -]+ [a-z' -]+)`", page))
    assert len(quoted) >= 5
    assert {line for line in quoted if line not in sources} == set()


def test_the_panels_that_alerts_name_exist() -> None:
    page = (REPOSITORY / "docs/operations/alerts.md").read_text()
    titles = {panel["title"] for panel in panels()}
    legends = {target["legendFormat"] for panel in panels() for target in panel["targets"]}
    named = set(re.findall(r"(?<!\*)\*([A-Z][\w ,]+|events not [\w ]+)\*(?!\*)", page)) - {"Critical"}
    rules = {rule["alert"] for rule in alerts()}
    assert named
    for name in named:
        assert any(title.startswith(name) for title in titles) or name in legends | rules, name


def test_the_page_of_metrics_is_what_would_be_made_now() -> None:
    import subprocess
    import sys

    script = REPOSITORY / "scripts/gen_metrics.py"
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_a_scraper_is_told_every_process(deploy: Path) -> None:
    (compose,) = documents(deploy / "compose/compose.yaml")
    (scrape,) = documents(deploy / "prometheus/scrape.yaml")
    (job,) = scrape["scrape_configs"]
    targets = {target.split(":")[0] for config in job["static_configs"] for target in config["targets"]}
    assert targets == {name for name in compose["services"] if name.startswith(("gateway", "worker"))}
