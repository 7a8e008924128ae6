"""Rules about the files of the repository: their size, and that nothing of the machine they were made on is in them."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MAX_LINES = 500
CODE = {".py", ".pyi", ".ts", ".tsx", ".mjs", ".js"}
GENERATED = re.compile(r"_pb2\.pyi?$|\.gen\.tsx?$|/migrations/versions/\d{4}_\w+\.py$")

#: Folders of one person or one machine; a container's own are in deploy/, where they belong.
MACHINE_PATH = re.compile(r"(?<![\w.$}-])/(?:home|root|Users|work|mnt|private)/[\w.-]+")
#: Whoever installs this has a package index of their own; addresses of one don't belong here.
REGISTRY = re.compile(r"https?://[^/\s\"']*(?:artifact|nexus|devpi|verdaccio|pypi|npm|registry|mirror)[^/\s\"']*", re.I)

#: Where a package may not come from.
ELSEWHERE = re.compile(r" (?:git|github:|gitlab:|bitbucket:|file:|link:|https?:)|#|/[\w.-]+/", re.I)
#: Packages that would run a script when installed, and what they miss because none of them may.
INSTALL_SCRIPTS = {
    "@whiskeysockets/baileys": "tells that Node is too old, which the wheel's is not",
    "esbuild": "makes its program start faster",
    "msgpackr-extract": "compiles what makes strings faster; msgpackr does without",
    "protobufjs": "warns of version ranges",
}
#: A command that installs packages: for a shell, as a list of arguments, or by the function in scripts/setup.py.
INSTALLS = re.compile(r"""\bnpm\b['",\s]+(?:ci|install|i|add|exec)\b|\bpip3?\s+install\b|(?<![\w.])pip\("|\bnpx\s""")


def test_files_stay_short_by_being_about_one_thing(files: list[Path], repository: Path) -> None:
    violations = []
    for path in files:
        if path.suffix in CODE and not GENERATED.search(path.as_posix()):
            length = len(path.read_text().splitlines())
            if length > MAX_LINES:
                violations.append(f"{path.relative_to(repository)} has {length} lines; {MAX_LINES} is the limit")
    assert not violations, "\n" + "\n".join(violations)


def test_nothing_of_a_machine_is_in_the_tree(files: list[Path], repository: Path) -> None:
    own = [str(repository), str(Path(sys.prefix)), str(Path.home())]
    violations = []
    for path in files:
        for number, line in enumerate(lines_of(path), start=1):
            where = f"{path.relative_to(repository)}:{number}"
            for found in (MACHINE_PATH.search(line), REGISTRY.search(line)):
                if found:
                    violations.append(f"{where}: {found[0]}")
            violations += [f"{where}: {name}" for name in own if len(name) > len("/root") and name in line]
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("open('" + "/home" + "/ada/notes')", True),
        ("cd " + "/root" + "/thing", True),
        ("index = https://" + "pypi" + ".example.net/simple", True),
        ("GET /api/sessions/ses_1/home/x", False),
        ("https://faq.whatsapp.com/x", False),
        ('url = f"{base}' + "/work" + '/items"', False),
    ],
)
def test_the_rule_about_machines_tells_them_from_others(line: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(line) or REGISTRY.search(line)) is found


def test_python_requirements_are_pinned_by_hash_and_name_no_address(repository: Path) -> None:
    text = (repository / "requirements.lock").read_text()
    violations = [f"requirements.lock: address: {line.strip()}" for line in text.splitlines() if "://" in line]
    # An option there would be one for every installation: another index, a folder, something to edit.
    violations += [f"requirements.lock: option: {line}" for line in text.splitlines() if line.startswith("-")]
    requirements = [part for part in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M) if part and part[0] not in "#\n"]
    for requirement in requirements:
        name = requirement.split()[0]
        if not re.match(r"[\w.\[\]-]+==[\w.!+]+$", name):
            violations.append(f"requirements.lock: {name} is not pinned to one version")
        if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement):
            violations.append(f"requirements.lock: {name} has no hash")
    assert not violations, "\n" + "\n".join(violations)
    assert len(requirements) > 20


def test_every_dependency_of_the_project_is_locked(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["project"].get("optional-dependencies", {}).values()]
    groups += project.get("dependency-groups", {}).values()
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)", (repository / "requirements.lock").read_text(), re.M)}
    missing = [
        f"requirements.lock lacks {requirement}"
        for group in groups
        for requirement in group
        if normal(re.split(r"[^\w.-]", requirement)[0]) not in locked
    ]
    assert not missing, "\n" + "\n".join(missing)


def test_npm_packages_are_pinned_by_hash_and_name_no_address(files: list[Path], repository: Path) -> None:
    locks = [path for path in files if path.name == "package-lock.json"]
    violations = []
    for path in locks:
        for name, package in json.loads(path.read_text())["packages"].items():
            where = f"{path.relative_to(repository)}: {name or 'the root'}"
            if "resolved" in package:
                violations.append(f"{where} has 'resolved', which names a registry")
            if name and not package.get("link") and not package.get("integrity", "").startswith("sha512-"):
                violations.append(f"{where} has no integrity hash")
            if "git" in str(package.get("version", "")):
                violations.append(f"{where} comes from git")
            violations += [f"{where} needs {other}" for other in asked_for(package) if ELSEWHERE.search(other)]
            if package.get("hasInstallScript") and name.removeprefix("node_modules/") not in INSTALL_SCRIPTS:
                violations.append(f"{where} wants to run a script when it is installed; say in INSTALL_SCRIPTS why not")
    for path in (path for path in files if path.name == "package.json"):
        asked = asked_for(json.loads(path.read_text()))
        violations += [f"{path.relative_to(repository)}: {one} is no exact version" for one in asked if not exact(one)]
    assert not violations, "\n" + "\n".join(violations)
    assert locks


def test_nothing_is_installed_without_hashes_or_with_scripts(files: list[Path], repository: Path) -> None:
    violations, installs = [], 0
    for path in files:
        if path.suffix != ".md" and path != Path(__file__):
            for number, command in commands_of(path):
                installs += 1
                if wrong := unsafe(command):
                    violations.append(f"{path.relative_to(repository)}:{number}: {wrong}: {command.strip()}")
    assert not violations, "\n" + "\n".join(violations)
    assert installs >= 4


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ('[*npm, "ci", "--ignore-scripts", "--no-audit"]', False),
        ('[*npm, "ci", "--no-audit"]', True),
        ("RUN npm install --omit=dev", True),
        ("RUN npx esbuild", True),
        ("RUN npm ci --ignore-scripts --omit=dev", False),
        ("RUN pip install --require-hashes --only-binary :all: -r requirements.lock", False),
        ("RUN pip install --require-hashes -r requirements.lock", True),
        ("RUN pip install --no-cache-dir wagate", True),
        ("RUN pip install --no-deps --no-build-isolation .", False),
        ('pip("--no-build-isolation", "--no-deps", "--editable", str(ROOT))', False),
        ('pip("-r", "requirements.txt")', True),
    ],
)
def test_the_rule_about_installing_tells_safe_from_others(command: str, refused: bool) -> None:
    assert INSTALLS.search(command)
    assert bool(unsafe(command)) is refused


def asked_for(package: dict[str, Any]) -> list[str]:
    """`name version` of what a package asks for."""
    kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides")
    return [f"{name} {version}" for kind in kinds for name, version in package.get(kind, {}).items()]


def exact(asked: str) -> bool:
    return bool(re.fullmatch(r"\S+ \d+\.\d+\.\d+(-[\w.]+)?", asked))


def commands_of(path: Path) -> Iterator[tuple[int, str]]:
    """Every command of a file that installs packages, with its line; one that goes on in the next lines as a whole."""
    lines = lines_of(path)
    for number, line in enumerate(lines):
        # A sentence for users is none.
        if INSTALLS.search(line) and "hint=" not in line and not line.lstrip().startswith(("#", "//", '"""')):
            whole = line
            for following in lines[number + 1 :]:
                if not whole.endswith("\\"):
                    break
                whole = whole[:-1] + following
            yield number + 1, whole


def unsafe(command: str) -> str:
    """What is wrong with a command that installs; empty if nothing is."""
    if re.search(r"\bnpx\b", command):
        return "npx installs what is in no lock"
    if re.search(r"\bnpm\b", command):
        return "" if "--ignore-scripts" in command else "npm would run install scripts"
    if "--no-deps" in command:
        # Our own package: what it needs was installed before.
        return ""
    if "--require-hashes" not in command:
        return "pip would not ask for hashes"
    return "" if "--only-binary" in command else "pip would run the set-up of source packages"


def lines_of(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except UnicodeDecodeError:
        return []


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
