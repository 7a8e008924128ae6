"""The layers of ARCHITECTURE.md hold, and the contracts that say so would notice if they did not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
CONTRACTS = re.findall(r"^\[importlinter:contract:([\w-]+)\]$", (REPOSITORY / ".importlinter").read_text(), re.M)

#: For each contract an import that it must refuse.
PLANTED = {
    "packages": ("core/ids.py", "from wagate.events import service"),
    "inside-a-feature": ("events/store.py", "def later():\n    from wagate.events import service"),
    "port-only": ("events/service.py", "import wagate.engine.baileys"),
    "http-at-the-edge": ("events/service.py", "import typing\nif typing.TYPE_CHECKING:\n    import fastapi"),
    "sql-in-stores": ("events/service.py", "from sqlalchemy import select"),
    "pure-wire": ("wire/codec.py", "import asyncio"),
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lets the contracts share one reading of the sources."""
    return tmp_path_factory.mktemp("imports")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_contract_is_kept(contract: str, cache: Path) -> None:
    violations = broken(contract, REPOSITORY / "src", cache)
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_contract_refuses_a_planted_violation(contract: str, tmp_path: Path) -> None:
    for name, content in modules_named_by_the_contracts().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert broken(contract, tmp_path, tmp_path / "clean") == []
    path, line = PLANTED[contract]
    (tmp_path / "wagate" / path).write_text(line)
    assert len(broken(contract, tmp_path, tmp_path / "planted")) >= 1


def modules_named_by_the_contracts() -> dict[str, str]:
    engines = ["engine/baileys", "engine/native", "engine/moving"]
    packages = ["core", "engine", *engines, "sandbox", "cli", "gateway", "wire", "events"]
    modules = [
        "runtime",
        "gateway/compose",
        "core/ids",
        "engine/lease",
        "wire/codec",
        "events/api",
        "events/service",
        "events/store",
    ]
    return {
        **{f"wagate/{name}/__init__.py": "" for name in packages},
        **{f"wagate/{name}.py": "" for name in modules},
        "wagate/__init__.py": "",
        "wagate/web/__init__.py": "import fastapi, starlette",
        "wagate/storage/__init__.py": "import alembic, sqlalchemy",
    }


def broken(contract: str, sources: Path, cache: Path) -> list[str]:
    """One line per import that the contract does not allow, or per reason why it can't be checked."""
    checked = subprocess.run(
        [LINTER, "--no-logo", "--config", REPOSITORY / ".importlinter", "--contract", contract, "--cache-dir", cache],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(sources), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode == 0:
        return []
    output = checked.stdout + checked.stderr
    _, _, report = output.partition("Broken contracts")
    lines = [line.strip() for line in (report or output).splitlines()]
    return [line for line in lines if "wagate" in line] or [output]
