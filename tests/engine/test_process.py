"""Starting the bridge: what can go wrong, and what it is allowed to know."""

import json
from pathlib import Path

import pytest

from wagate.engine.baileys.process import BridgeProcess
from wagate.engine.port import EngineUnavailable
from wagate.engine.protocol import FromBridge

pytestmark = pytest.mark.bridge


async def start(bundle: Path, environment: dict[str, str] | None = None) -> BridgeProcess:
    def ignore(frame: FromBridge) -> None:
        pass

    return await BridgeProcess.start(ignore, lambda: None, bundle=bundle, environment=environment, ca_pem="a ca")


def script(folder: Path, text: str) -> Path:
    path = folder / "bridge.mjs"
    path.write_text(text)
    return path


async def test_a_bridge_that_was_not_built_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="not built"):
        await start(tmp_path / "bridge.mjs")


async def test_a_bridge_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="code 3"):
        await start(script(tmp_path, "process.exit(3)"))


async def test_a_bridge_of_another_version_is_refused_and_ended(tmp_path: Path) -> None:
    # A map of five: t, version, pid, baileys, node.
    frame = "85a174a55265616479a776657273696f6e2aa370696401a76261696c657973a130a46e6f6465a130"
    speak = f"""
        import {{ connect }} from 'node:net'
        const body = Buffer.from('{frame}', 'hex')
        const head = Buffer.alloc(4)
        head.writeUInt32BE(body.length)
        connect(process.argv[2]).write(Buffer.concat([head, body]))
        setInterval(() => undefined, 1000)
    """

    with pytest.raises(EngineUnavailable, match="another version"):
        await start(script(tmp_path, speak))


async def test_the_bridge_inherits_no_secrets_and_its_folder_is_closed_to_others(tmp_path: Path) -> None:
    tell = """
        import { readFileSync, statSync, writeFileSync } from 'node:fs'
        import { dirname } from 'node:path'
        const { PATH, HOME, TMPDIR, LANG, TZ, NODE_EXTRA_CA_CERTS, ...rest } = process.env
        const mode = statSync(dirname(process.argv[2])).mode & 0o777
        const seen = { rest, mode, ca: readFileSync(NODE_EXTRA_CA_CERTS, 'utf8') }
        writeFileSync(new URL('seen.json', import.meta.url), JSON.stringify(seen))
    """
    ours = {"WAGATE_SECRET_KEYS": "k:secret", "WAGATE_CRASH_AT": "written", "DATABASE_URL": "x", "PATH": "/bin"}

    with pytest.raises(EngineUnavailable):
        await start(script(tmp_path, tell), ours)

    assert json.loads((tmp_path / "seen.json").read_text()) == {"rest": {}, "mode": 0o700, "ca": "a ca"}


async def test_frames_longer_than_allowed_end_the_bridge(tmp_path: Path) -> None:
    shout = """
        import { connect } from 'node:net'
        connect(process.argv[2]).write(Buffer.from('7fffffff00', 'hex'))
        setTimeout(() => process.exit(4), 500)
    """

    with pytest.raises(EngineUnavailable):
        await start(script(tmp_path, shout))
