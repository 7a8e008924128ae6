"""The measurement of gateways and workers, with few sessions and for seconds: that it runs, and what it writes."""

from pathlib import Path

import pytest

from bench import curve, curve_report, failover
from bench.curve import FLEETS, Cell, Effort
from bench.fleet import on_servers

pytestmark = pytest.mark.postgres

_EFFORT = Effort(messages=40, seconds=0.5, settle_seconds=0.0)
_KINDS = {"gateway", "worker", "PostgreSQL", "Valkey", "sandbox"}


async def test_one_and_two_workers_are_measured_with_the_same_sessions() -> None:
    ticks: list[None] = []
    sides = ((on_servers, FLEETS[:2]),)
    async for known in curve.run(lambda: ticks.append(None), steps=(1, 3), sides=sides, effort=_EFFORT):
        cells = known
    assert [(cell.sessions, cell.shape) for cell in cells] == [
        (sessions, shape.name) for sessions in (1, 3) for shape in FLEETS[:2]
    ]
    assert len(ticks) == curve.ticks((1, 3), sides)
    for cell in cells:
        assert cell.rate > 0
        assert 0 < cell.p50 <= cell.p99
        assert set(cell.cpu) == _KINDS | {"load"}
        assert cell.cpu["gateway"] + cell.cpu["worker"] > 0
        assert set(cell.memory) == _KINDS
        assert all(megabytes > 1 for megabytes in cell.memory.values())


async def test_the_sessions_of_a_killed_worker_are_timed() -> None:
    async for known in failover.run(lambda: None, sessions=3, repetitions=1):
        found = known
    (once,) = found
    assert once.sessions == 3
    assert 0 < once.half <= once.nearly_all <= once.all


def test_the_page_keeps_one_part_while_the_other_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_report, "RESULTS", tmp_path / "FLEET.md")
    once = failover.Failover(sessions=3, workers=2, repetition=1, half=1.0, nearly_all=2.0, all=3.0)
    curve_report.write_failovers([once])
    curve_report.write_curve([_cell(100.0), _cell(50.0)], "a machine")
    curve_report.write_failovers([once, once])
    page = curve_report.RESULTS.read_text()
    assert page.count(f"{FLEETS[0].name:<22} {'█' * 40} 100") == 1
    assert page.count(f"{FLEETS[0].name:<22} {'█' * 20} 50") == 1
    assert page.count("| 3 | 2 | median | 1.0 | 2.0 | 3.0 |") == 1
    assert "**worker** takes the most" in page


def _cell(rate: float) -> Cell:
    return Cell(
        shape=FLEETS[0].name,
        sessions=10,
        rate=rate,
        p50=1.0,
        p99=2.0,
        cpu={"gateway": 1.0, "worker": 2.0, "PostgreSQL": 0.5, "Valkey": 0.0, "sandbox": 1.0, "load": 0.1},
        others=0.0,
        memory={"gateway": 100.0, "worker": 100.0},
        busy={"gateway": 1.0, "worker": 1.0},
        minute_p50=None,
        minute_p99=None,
    )
