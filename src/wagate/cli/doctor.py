"""`wagate doctor`: what a person would check by hand when something does not work, each with what to do about it."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rich.console import Console

from wagate.core.errors import StartupError
from wagate.core.settings import Settings
from wagate.engine.baileys.process import BUNDLE, node_executable
from wagate.storage.datadir import MIN_FREE_BYTES
from wagate.storage.schema import revisions, stored_version

WHATSAPP_HOST = "web.whatsapp.com"
REACH_TIMEOUT = 5.0


class Verdict(Enum):
    GOOD = "[green]✓[/]"
    NOTE = "[yellow]![/]"
    BAD = "[red]✗[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    sentence: str
    remedy: str = ""


async def examine(settings: Settings) -> None:
    """Print a line for each finding.

    :raises StartupError: at the end, if anything would keep the gateway from working.
    """
    console = Console()
    bad = 0
    async for finding in _findings(settings):
        bad += finding.verdict is Verdict.BAD
        console.print(f"{finding.verdict.value} {finding.sentence}", highlight=False)
        if finding.remedy and finding.verdict is not Verdict.GOOD:
            console.print(f"    → {finding.remedy}", highlight=False)
    if bad:
        raise StartupError(f"{bad} thing{'s' if bad > 1 else ''} to mend")


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield Finding(Verdict.GOOD, f"Python {sys.version.split()[0]}")
    yield await _node()
    yield _bundle()
    yield _disk(settings.data_dir)
    yield _permissions(settings.data_dir)
    yield await _database(settings)
    yield _port(settings)
    yield await _whatsapp(settings)


async def _node() -> Finding:
    try:
        process = await asyncio.create_subprocess_exec(
            str(node_executable()), "--version", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
    except OSError as error:
        return Finding(Verdict.BAD, f"Node does not start: {error.strerror}", "run `make setup` again")
    return Finding(Verdict.GOOD, f"Node {out.decode().strip()} from the Python wheel")


def _bundle() -> Finding:
    if BUNDLE.exists():
        return Finding(Verdict.GOOD, f"the bridge is bundled ({BUNDLE.stat().st_size / 1e6:.1f} MB)")
    return Finding(Verdict.BAD, "the bridge is not bundled, so no session can connect", "run `make setup`")


def _disk(folder: Path) -> Finding:
    place = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    sentence = f"{free / 2**30:.1f} GiB free where the data lies ({folder})"
    if free < MIN_FREE_BYTES:
        return Finding(Verdict.BAD, sentence, "free some space; wagate refuses to start on a full disk")
    return Finding(Verdict.GOOD, sentence)


def _permissions(folder: Path) -> Finding:
    if not folder.exists():
        return Finding(Verdict.NOTE, f"no data folder {folder} yet", "`wagate up` makes it")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(Verdict.BAD, f"the data folder {folder} is not ours", "chown it to this user")
    open_to = [
        p.name for p in (folder / "secret-keys", folder / "admin.json") if p.exists() and p.stat().st_mode & 0o77
    ]
    if open_to:
        return Finding(
            Verdict.BAD, f"others can read {', '.join(open_to)}", f"chmod 600 {folder}/{{{','.join(open_to)}}}"
        )
    return Finding(Verdict.GOOD, "the data folder is ours and its secrets are readable by nobody else")


async def _database(settings: Settings) -> Finding:
    url = settings.database_url or f"sqlite:///{settings.data_dir.absolute() / 'wagate.db'}"
    try:
        version = await stored_version(url)
    except StartupError as error:
        return Finding(Verdict.BAD, error.detail, error.hint)
    if version is None:
        return Finding(Verdict.NOTE, "the database is empty", "`wagate up` fills it")
    if version != revisions()[-1]:
        return Finding(
            Verdict.NOTE, f"the database is at version {version}", "the next `wagate up` brings it up to date"
        )
    return Finding(Verdict.GOOD, f"the database is up to date (version {version})")


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return Finding(
                Verdict.NOTE,
                f"{settings.host}:{settings.port} is in use",
                "fine if that is wagate; else set WAGATE_PORT",
            )
    return Finding(Verdict.GOOD, f"{settings.host}:{settings.port} is free")


async def _whatsapp(settings: Settings) -> Finding:
    if settings.sandbox_url:
        return Finding(Verdict.NOTE, f"sessions link to the sandbox at {settings.sandbox_url}, not to WhatsApp")
    try:
        async with asyncio.timeout(REACH_TIMEOUT):
            _, writer = await asyncio.open_connection(WHATSAPP_HOST, 443, ssl=True)
            writer.close()
    except (OSError, TimeoutError) as error:
        return Finding(
            Verdict.NOTE,
            f"{WHATSAPP_HOST} cannot be reached from here ({type(error).__name__})",
            "sessions stay `connecting` until it can; the sandbox needs no network",
        )
    return Finding(Verdict.GOOD, f"{WHATSAPP_HOST} can be reached")
