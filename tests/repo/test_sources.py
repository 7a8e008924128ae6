"""Rules about the Python sources that no linter of ours knows."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import wagate
from wagate.core.errors import WagateError

SOURCES = Path(wagate.__file__).parent
#: Reading a clock or sleeping by oneself, which core/clock.py does for everybody.
CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "asyncio": {"sleep"},
}


def test_only_the_clock_reads_the_clock(repository: Path) -> None:
    violations = [
        f"{path.relative_to(repository)}:{line}: {what} (take a core.clock.Clock)"
        for path in sorted(SOURCES.rglob("*.py"))
        if path != SOURCES / "core/clock.py"
        for line, what in clock_uses(path.read_text())
    ]
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.time()", True),
        ("import datetime\ndatetime.datetime.now(tz)", True),
        ("from datetime import datetime\nx = datetime.utcnow", True),
        ("from time import monotonic", True),
        ("from asyncio import sleep", True),
        ("import asyncio\nasync def f(): await asyncio.sleep(1)", True),
        ("import asyncio\nasync def f(): await asyncio.sleep(0)", False),
        ("clock.now()\nclock.sleep(3)\ntimer.time()", False),
    ],
)
def test_the_clock_rule_tells_clocks_from_others(source: str, found: bool) -> None:
    assert bool(list(clock_uses(source))) is found


def test_every_error_has_a_code_and_a_sentence_of_its_own() -> None:
    broken_modules = list(import_everything())
    errors = sorted(subclasses(WagateError), key=lambda error: f"{error.__module__}.{error.__qualname__}")
    owners: dict[str, str] = {WagateError.code: "wagate.core.errors.WagateError"}
    violations = broken_modules
    for error in errors:
        name = f"{error.__module__}.{error.__qualname__}"
        if not (error.__dict__.get("__doc__") or "").strip():
            violations.append(f"{name} has no docstring, which is the sentence that users read")
        if "code" not in error.__dict__:
            violations.append(f"{name} has no code of its own")
        elif owners.setdefault(error.code, name) != name:
            violations.append(f"{name} has the code {error.code!r} of {owners[error.code]}")
    assert not violations, "\n" + "\n".join(violations)
    assert len(errors) > 10


def clock_uses(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    yields = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) == 1 and ast.unparse(node.args[0]) == "0"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio"):
            for name in node.names:
                if name.name in CLOCKS[node.module]:
                    yield node.lineno, f"from {node.module} import {name.name}"
        elif isinstance(node, ast.Attribute):
            # Handing on (`sleep(0)`) is no waiting.
            owner = ast.unparse(node.value).rsplit(".", 1)[-1]
            if node.attr in CLOCKS.get(owner, ()) and not (owner == "asyncio" and id(node) in yields):
                yield node.lineno, f"{owner}.{node.attr}"


def import_everything() -> Iterator[str]:
    for module in pkgutil.walk_packages([str(SOURCES)], "wagate.", onerror=lambda _name: None):
        if module.name.startswith("wagate.storage.migrations."):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            yield f"{module.name} cannot be imported: {error}"


def subclasses(kind: type[WagateError]) -> set[type[WagateError]]:
    direct = {each for each in kind.__subclasses__() if each.__module__.startswith("wagate.")}
    return direct.union(*(subclasses(each) for each in direct))
