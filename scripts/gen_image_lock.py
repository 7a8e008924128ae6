"""Make deploy/requirements.lock and deploy/build.lock: of requirements.lock, what a container runs and what builds it.

requirements.lock pins what development needs, too. What belongs to a container follows from pyproject.toml and from
what the installed packages say they need, on any platform that the lock is for. ``--check`` only says whether the files
are what it would make.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What a member of a fleet needs besides the least.
EXTRAS = ("postgres", "redis", "otel")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for path, text in made().items():
        if check and (not path.exists() or path.read_text() != text):
            stale.append(str(path.relative_to(ROOT)))
        elif not check:
            path.write_text(text)
    if stale:
        print(f"{', '.join(stale)}: not what scripts/gen_image_lock.py makes; run make gen")
    return 1 if stale else 0


def made() -> dict[Path, str]:
    """Each file and what should stand in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    runs = [*project["project"]["dependencies"], *(one for extra in EXTRAS for one in extras[extra])]
    pins = pins_of((ROOT / "requirements.lock").read_text())
    return {
        ROOT / "deploy/requirements.lock": lock(pins, closure(runs, pins)),
        ROOT / "deploy/build.lock": lock(pins, closure(project["build-system"]["requires"], pins)),
    }


def pins_of(text: str) -> dict[str, str]:
    """The lines of each package in a lock file."""
    parts = [part for part in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M) if part and part[0] not in "#\n"]
    pins: dict[str, str] = {}
    for part in parts:
        # One package may have a version for each Python.
        name = normal(_name(part))
        pins[name] = pins.get(name, "") + part.rstrip() + "\n"
    return pins


def closure(requirements: Iterable[str], pins: dict[str, str]) -> set[str]:
    """Everything locked that these requirements lead to."""
    found: set[tuple[str, str]] = set()
    waiting = [(normal(_name(requirement)), extra) for requirement in requirements for extra in _extras(requirement)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found or name not in pins:
            continue
        found.add((name, extra))
        for needed in _needs(name):
            marker = needed.partition(";")[2]
            of_extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
            if of_extra is None or normal(of_extra[1]) == extra:
                waiting += [(normal(_name(needed)), wanted) for wanted in _extras(needed)]
    return {name for name, _ in found}


def lock(pins: dict[str, str], names: set[str]) -> str:
    """The lines of these packages."""
    return "# Made by scripts/gen_image_lock.py of requirements.lock.\n" + "".join(pins[name] for name in sorted(names))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        # Locked for another platform.
        return []


def _extras(requirement: str) -> list[str]:
    """Those asked for, and the empty one for the package itself."""
    asked = re.match(r"[\w.-]+\s*\[([^\]]*)\]", requirement.strip())
    return ["", *(normal(extra.strip()) for extra in asked[1].split(","))] if asked else [""]


def _name(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    assert found is not None, requirement
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
