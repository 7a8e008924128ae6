"""The pages made from the tables are fresh."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from wagate.sessions.model import REACTIONS, SessionStatus

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_states", ROOT / "scripts" / "gen_states.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_what_the_tables_make_now(generator: ModuleType) -> None:
    assert generator.stale() == [], "run scripts/gen_states.py"


def test_the_pages_name_every_status_and_every_code(generator: ModuleType) -> None:
    assert all(f"| `{status}` |" in generator.states() for status in SessionStatus)
    assert all(f"| {code} |" in generator.disconnects() for code in REACTIONS)
