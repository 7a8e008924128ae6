"""Run `wagate up` as a program of its own and talk to it: what the demo, the scenarios and the benchmark do."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from wagate.core.errors import StartupError

#: A cold start imports everything from disk; ten times the goal of two seconds, so that slow machines pass.
READY_TIMEOUT = 20.0
#: The program closes sessions and finishes requests within 10 s of SIGTERM; then it is killed.
STOP_TIMEOUT = 15.0


class Program:
    """A running wagate process that printed its `ready` line."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, data_dir: Path) -> None:
        self.process = process
        self.url = url
        self.data_dir = data_dir
        #: What it printed until it was ready, byte by byte.
        self.printed = b""

    @property
    def admin_key(self) -> str:
        return str(json.loads((self.data_dir / "admin.json").read_text())["key"])

    async def ready(self) -> None:
        """Wait for its `ready` line.

        :raises EOFError: if it ends before.
        """
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.printed += line
            word, _, url = line.decode().strip().partition(" ")
            if word == "ready":
                self.url = url
                return
        raise EOFError

    async def stop(self) -> int:
        """SIGTERM and wait; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                self.kill()
        return await self.process.wait()

    def kill(self) -> None:
        """SIGKILL to the whole process group: the program and its bridge."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


async def start(
    command: str,
    arguments: Sequence[str],
    data_dir: Path,
    environment: Mapping[str, str],
    log: Path,
    *,
    patience: float = READY_TIMEOUT,
) -> Program:
    """Start ``wagate <command>`` and wait up to ``patience`` seconds for its `ready` line.

    :raises StartupError: with the last lines of its log if it ends or stays silent.
    """
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wagate.cli.main", command, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    program = Program(process, "", data_dir)
    try:
        await asyncio.wait_for(program.ready(), patience)
    except (TimeoutError, EOFError) as error:
        program.kill()
        await process.wait()
        tail = log.read_text(errors="replace").strip().splitlines()[-12:]
        raise StartupError(f"`wagate {command}` did not become ready:\n" + "\n".join(tail)) from error
    return program


@contextlib.asynccontextmanager
async def running(
    command: str, arguments: Sequence[str], data_dir: Path, environment: Mapping[str, str], log: Path
) -> AsyncIterator[Program]:
    """:func:`start`, and :meth:`Program.stop` at the end."""
    program = await start(command, arguments, data_dir, environment, log)
    try:
        yield program
    finally:
        await program.stop()
