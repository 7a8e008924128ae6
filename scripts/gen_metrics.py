"""Make docs/reference/metrics.md from the metrics that the code declares.

``--check`` only says whether it is what it would make.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import wagate
from wagate.core.metrics import Counter, Family, Gauge, Histogram, families

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/metrics.md"
#: Alembic runs it, in its own way.
_NOT_IMPORTED = "wagate.storage.migrations.env"
_KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = "\n".join(page()) + "\n"
    if not parser.parse_args().check:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print(f"{PAGE.name} is not what scripts/gen_metrics.py makes; run make gen")
    return 1


def declared() -> list[Family]:
    """Every family of the program."""
    for module in pkgutil.walk_packages(wagate.__path__, "wagate."):
        if module.name != _NOT_IMPORTED:
            importlib.import_module(module.name)
    return list(families())


def page() -> Iterator[str]:
    """The page, line by line."""
    yield "<!-- Made by scripts/gen_metrics.py. -->\n"
    yield "# Metrics\n"
    yield "What `GET /metrics` shows, of a gateway and of a worker; [monitoring](../operations/monitoring.md) says how"
    yield "to read it. Besides these, `process_*` and `python_info` tell of the process."
    yield "A histogram `x` is shown as `x_bucket`, `x_sum` and `x_count`.\n"
    yield "| name | type | labels | means |"
    yield "|---|---|---|---|"
    for family in declared():
        labels = ", ".join(f"`{label}`" for label in family.labels)
        yield f"| `{family.name}` | {_KINDS[type(family)]} | {labels} | {family.help} |"


if __name__ == "__main__":
    sys.exit(main())
