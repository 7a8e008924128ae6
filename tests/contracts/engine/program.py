"""A program as people write them with Baileys, run by Node: what an imported folder comes from."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.contracts.engine.lab import PATIENCE
from wagate.engine.baileys.process import node_executable
from wagate.engine.port import Endpoint

_HERE = Path(__file__).parent
_BRIDGE = _HERE.parents[2] / "bridge"


class BaileysProgram:
    """Made by :func:`run_program`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []

    async def says(self, what: str) -> Any:
        """The next thing of that kind that it tells; what came before it stays to be asked for."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                for at, told in enumerate(self._told):
                    if what in told:
                        return self._told.pop(at)[what]
                line = await self._process.stdout.readline()
                assert line, "the program ended"
                self._told.append(json.loads(line))

    async def send(self, to: str, text: str) -> None:
        await self._order({"to": to, "text": text})
        assert await self.says("sent") == text

    async def stop(self) -> None:
        """End it as its owner would: what it wrote is in its folder."""
        await self._order({"stop": True})
        await self._process.wait()

    async def _order(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()


@contextlib.asynccontextmanager
async def run_program(endpoint: Endpoint, folder: Path) -> AsyncIterator[BaileysProgram]:
    """Baileys as it comes, connected to a sandbox, with its keys in ``folder``."""
    authority = folder.with_suffix(".pem")
    await asyncio.to_thread(authority.write_text, endpoint.ca_pem)
    arguments = [str(_HERE / "baileys_program.mjs"), str(_BRIDGE), str(folder)]
    process = await asyncio.create_subprocess_exec(
        str(node_executable()),
        *arguments,
        endpoint.url,
        endpoint.root_key.hex(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"NODE_EXTRA_CA_CERTS": str(authority)},
    )
    try:
        yield BaileysProgram(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
