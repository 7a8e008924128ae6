"""The reference pages say what the program does now."""

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from wagate.core.settings import Settings
from wagate.gateway.document import TAGS

SCRIPT = Path(__file__).parents[2] / "scripts" / "gen_docs.py"


@cache
def gen_docs() -> ModuleType:
    found = importlib.util.spec_from_file_location("gen_docs", SCRIPT)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@cache
def specification() -> dict[str, Any]:
    made: dict[str, Any] = gen_docs().specification()
    return made


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in specification()["paths"].items()
        for method, operation in item.items()
    ]


def test_the_pages_are_what_would_be_made_now() -> None:
    """In a process of its own: which errors there are depends on what was imported."""
    ran = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_every_route_says_what_it_does_and_belongs_somewhere() -> None:
    assert len(operations()) > 30
    for where, operation in operations():
        assert operation.get("description"), f"{where} has no docstring"
        assert set(operation["tags"]) <= set(TAGS), f"{where} has the tag {operation['tags']}"
        assert len(operation["tags"]) == 1, where


def test_no_two_bodies_share_a_name() -> None:
    clashing = [name for name in specification()["components"]["schemas"] if "__" in name]
    assert not clashing, "rename these classes: clients are generated from their names"


def test_every_setting_is_explained() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_one_code_means_one_status() -> None:
    """The page shows one line for each code; a second class of the same code must not answer otherwise."""
    from wagate.core.errors import StartupError, WagateError

    def derived(error: type[WagateError]) -> list[type[WagateError]]:
        return [kind for sub in error.__subclasses__() for kind in (sub, *derived(sub))]

    shown = {error.code: error.status for error in gen_docs().error_classes()}
    for error in derived(WagateError):
        if error.__module__.startswith("wagate.") and not issubclass(error, StartupError) and error.code in shown:
            assert error.status == shown[error.code], error


def test_every_problem_that_a_route_declares_is_on_the_page_of_errors() -> None:
    found = operations()
    # Which errors there are is known once all routes are.
    shown = {error.code for error in gen_docs().error_classes()}
    for where, operation in found:
        for response in operation["responses"].values():
            codes = response.get("content", {}).get("application/problem+json", {}).get("examples", {})
            assert set(codes) <= shown, where
