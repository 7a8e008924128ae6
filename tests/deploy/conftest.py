"""What the tests of deploy/ read: its files, the settings, the routes and the metrics."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import wagate
from wagate.core.metrics import Counter, Histogram, families
from wagate.core.settings import Settings

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"

Json = dict[str, Any]


def documents(path: Path) -> list[Json]:
    """Every document of a YAML file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document is not None]


def settings() -> set[str]:
    """The names of all settings, as variables."""
    return {f"WAGATE_{name.upper()}" for name in Settings.model_fields}


def everywhere(value: object) -> Iterator[tuple[str, Any]]:
    """Every member of every mapping in ``value``."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield str(name), part
            yield from everywhere(part)
    elif isinstance(value, list):
        for part in value:
            yield from everywhere(part)


@cache
def series() -> frozenset[str]:
    """The names under which Prometheus keeps what the program shows."""
    for module in pkgutil.walk_packages(wagate.__path__, "wagate."):
        if module.name != "wagate.storage.migrations.env":
            importlib.import_module(module.name)
    found = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
    for family in families():
        if isinstance(family, Histogram):
            found |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
        else:
            found.add(family.name)
    return frozenset(found)


@cache
def labels() -> dict[str, frozenset[str]]:
    """The labels of each of :func:`series`."""
    series()
    found = {}
    for family in families():
        own = frozenset(family.labels)
        if isinstance(family, Histogram):
            found |= {f"{family.name}_{part}": own for part in ("sum", "count")}
            found[f"{family.name}_bucket"] = own | {"le"}
        else:
            found[family.name] = own
    return found


@cache
def counters() -> frozenset[str]:
    """Those that only rise."""
    series()
    return frozenset(family.name for family in families() if isinstance(family, Counter))


@pytest.fixture
def deploy() -> Path:
    return DEPLOY
