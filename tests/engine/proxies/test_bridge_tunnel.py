"""What Baileys fetches by itself (the app state with its own name) goes through the session's proxy, too."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.proxies.servers import SocksProxy
from tests.media.hosts import media_host
from wagate.engine.baileys.process import node_executable
from wagate.engine.proxies import ProxyAddress, Tunnels

pytestmark = pytest.mark.bridge

HERE = Path(__file__).parent
MODULE = HERE.parents[2] / "bridge" / "src" / "tunnel.ts"


async def anywhere(host: str, port: int) -> Sequence[str]:
    return [host]


async def test_baileys_own_fetch_goes_through_the_proxy_with_tls_inside(tmp_path: Path) -> None:
    tunnels = Tunnels(anywhere, os.urandom)
    # Nobody listens at port 9; the proxy knows better.
    async with (
        media_host() as host,
        SocksProxy(("ada", "hunter2"), {("localhost", 9): ("127.0.0.1", host.port)}) as proxy,
    ):
        host.files["/state"] = b"a snapshot"
        authority = tmp_path / "ca.pem"
        authority.write_text(host.ca_pem)
        tunnel = await tunnels.open(ProxyAddress.parse(proxy.url("ada:hunter2")))
        for path, expected in (("/state", [True, 200, "a snapshot"]), ("/none", [False, 404, ""])):
            process = await asyncio.create_subprocess_exec(
                node_executable(),
                HERE / "fetch.mjs",
                str(MODULE),
                tunnel.url,
                f"https://localhost:9{path}",
                stdout=asyncio.subprocess.PIPE,
                env={"NODE_EXTRA_CA_CERTS": str(authority), "PATH": os.defpath},
            )
            printed, _ = await process.communicate()
            assert json.loads(printed) == expected
        assert set(proxy.targets) == {("localhost", 9)}
    await tunnels.close()
