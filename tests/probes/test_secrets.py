"""Planted secrets: everything secret that a gateway holds is used for a while, and then looked for wherever it writes.

What may be where, by design:

* Texts, names and numbers of messages stand in the database, so that they can be looked up. They are in no log.
* Files of messages stand in the data folder, as they are. They are in no database and no log.
* `admin.json` and `secret-keys` hold the first administrator's credentials and the key ring, for their owner alone;
  the administrator's key is printed once, at the first start.
* Keys of the API stand in the database as hashes; proxies, webhook secrets, headers, and all that Signal uses, sealed.
* Codes to link a phone are in memory.

Everything else is looked for everywhere, in every spelling that it is likely to be written in. What a fleet has besides
(Redis, buckets, many logs) is searched in `test_fleet_secrets.py`.
"""

import base64
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url, select

from tests.conftest import import_stores
from tests.engine.proxies.servers import HttpProxy
from tests.probes.search import LEAST, Places, files_in, hits, leaves, tables_of
from tests.scenarios.rig import Json, Rig, media, new_number, open_rig
from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing
from wagate.engine.store import DataKeys, signal_keys
from wagate.storage.database import Database

PROXY_PASSWORD: Final = "planted-proxy-passw0rd"
HEADER: Final = "planted-header-s3cret"
OUT: Final = "planted text that goes out"
IN: Final = "planted text that comes in"
CAPTION: Final = "planted caption of a file"
FILE: Final = b"\x00planted bytes of a file\x00" * 4


# -- where to look: another store takes a function here ----------------------------------------------------------------


async def files_of(rig: Rig) -> Places:
    """The data folder: the database with its write-ahead log and its free pages, media, and what else there is."""
    return files_in("data", rig.folder / "data")


async def logs_of(rig: Rig) -> Places:
    """The log of the gateway and its bridge, and the wire log."""
    wire = files_in("wire", rig.folder / "wire")
    assert wire, "no wire log was written"
    return {"gateway.log": (rig.folder / "gateway.log").read_bytes(), **wire}


async def postgres_of(rig: Rig) -> Places:
    """Every row of every table, and the files of the server: rows that were deleted are still in those."""
    address = rig.environment.get("WAGATE_DATABASE_URL")
    if address is None:
        return {}
    places = tables_of(address)
    folder = make_url(address).query["host"]
    assert isinstance(folder, str)
    return places | files_in("postgres", Path(folder))


LOGS: Final[tuple[Callable[[Rig], Awaitable[Places]], ...]] = (logs_of,)
STORES: Final[tuple[Callable[[Rig], Awaitable[Places]], ...]] = (files_of, postgres_of)


async def _all(rig: Rig, places: tuple[Callable[[Rig], Awaitable[Places]], ...]) -> Places:
    return {name: content for look in places for name, content in (await look(rig)).items()}


async def signal_secrets(address: str, ring: KeyRing, session: str) -> dict[str, bytes]:
    """Every binary value in what the engine keeps for a session in a database that nobody uses: private keys and chains
    first; and the key that seals them.
    """
    import_stores()
    db = await Database.open(address)
    try:
        key = await DataKeys(db, ring).of(SessionId(session))
        query = select(signal_keys).where(signal_keys.c.session_id == session)
        rows = await db.read(lambda tx: tx.execute(query).all())
        found = {"data key": key.raw}
        for row in rows:
            opened = key.open(row.value, _aad(session, row.kind, row.key))
            for number, leaf in enumerate(leaves(opened)):
                found[f"{row.kind} {row.key} {number}"] = leaf
    finally:
        await db.close()
    assert len(found) > 50, "an engine with hardly any keys is none"
    return found


def _aad(session: str, kind: str, key: str) -> bytes:
    from wagate.engine import store

    return store._key_aad(SessionId(session), kind, key)


# -- the scenario ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def planted(folder: Path, engine: str, **environment: str) -> AsyncIterator[tuple[Rig, Json]]:
    """A gateway with all secrets in use, running; and what they are."""
    environment = {
        "WAGATE_LOG_LEVEL": "debug",
        "WAGATE_LOG_FORMAT": "json",
        "WAGATE_WIRE_LOG": str(folder / "wire"),
        **environment,
    }
    shop, ada = new_number(), new_number()
    async with HttpProxy(("planted", PROXY_PASSWORD)) as proxy, open_rig(folder, engine, **environment) as rig:
        assert rig.gateway is not None
        await rig.phone(shop, "Shop")
        await rig.phone(ada, "Ada")
        card = {"name": "shop", "proxy": proxy.url(f"planted:{PROXY_PASSWORD}")}
        session = str((await rig.api.call("POST", "/api/sessions", card))["id"])
        await rig.api.call("POST", f"/api/sessions/{session}/connect")
        code = await rig.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"})
        await rig.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": code["qrString"]})
        await rig.reaches(session, "connected")
        other = str((await rig.api.call("POST", "/api/sessions", {"name": "by code"}))["id"])
        pairing = await rig.api.call("POST", f"/api/sessions/{other}/pairing-code", {"phone": f"+{shop}"})
        hook = {"url": rig.sink.url, "headers": {"x-planted": HEADER}}
        endpoint = await rig.api.call("POST", "/api/webhooks/endpoints", hook)
        rig.sink.secret = endpoint["secret"]
        key = await rig.api.call("POST", "/api/keys", {"name": "planted"})

        sent = await rig.send(session, ada, text=OUT)
        await rig.shown(ada, sent["waId"])
        document = media(FILE, "application/octet-stream", "planted.bin")
        file = await rig.send(session, ada, type="document", media=document, caption=CAPTION)
        await rig.shown(ada, file["waId"])
        came = await rig.phone_sends(ada, to=shop, text=IN)
        await rig.told("message.received", came)
        # What is refused is logged, too.
        refused = {"to": f"+{ada}", "text": OUT, "unknown": PROXY_PASSWORD}
        async with rig.api.http.post(f"{rig.api.url}/api/sessions/{session}/send", json=refused) as answer:
            assert answer.status == 400
        async with rig.api.http.get(f"{rig.api.url}/api/me", headers={"Authorization": f"Bearer {key['key']}x"}) as no:
            assert no.status == 401

        # The other form of the log, and the keys read back.
        await rig.stop_gateway()
        rig.environment = {**rig.environment, "WAGATE_LOG_FORMAT": "console"}
        await rig.start_gateway()
        await rig.reaches(session, "connected")
        again = await rig.send(session, ada, text=OUT)
        await rig.shown(ada, again["waId"])
        await rig.told("message.sent", again["waId"])
        admin = json.loads((rig.folder / "data" / "admin.json").read_text())
        yield (
            rig,
            {
                "session": session,
                "admin": admin,
                "secrets": {
                    "an API key": key["key"],
                    "a webhook secret": endpoint["secret"],
                    "a webhook secret's bytes": base64.b64decode(endpoint["secret"].removeprefix("whsec_")),
                    "a webhook header": HEADER,
                    "a proxy's password": PROXY_PASSWORD,
                    "a QR code": code["qrString"],
                    **{
                        f"part {n} of a QR code": part
                        for n, part in enumerate(code["qrString"].split(","))
                        if len(part) >= LEAST
                    },
                    "a pairing code": pairing["code"],
                    "a pairing code without its dash": pairing["code"].replace("-", ""),
                },
                "texts": {
                    "a text sent": OUT,
                    "a text received": IN,
                    "a caption": CAPTION,
                    "the session's number": shop,
                    "a correspondent's number": ada,
                    "a file": FILE,
                },
            },
        )


@pytest.mark.parametrize(
    ("engine", "database"),
    [
        ("native", "sqlite"),
        pytest.param("baileys", "sqlite", marks=pytest.mark.bridge),
        pytest.param("native", "postgres", marks=pytest.mark.postgres),
    ],
)
@pytest.mark.timeout(300)
async def test_no_secret_is_written_down_anywhere(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str, database: str
) -> None:
    environment = {}
    if database == "postgres":
        environment["WAGATE_DATABASE_URL"] = request.getfixturevalue("new_postgres_database")()
    async with planted(tmp_path, engine, **environment) as (rig, facts):
        while_it_runs = await _all(rig, STORES)
        await rig.stop_gateway()
        stores = {**{f"{name}, running": content for name, content in while_it_runs.items()}, **await _all(rig, STORES)}
        logs = await _all(rig, LOGS)
        address = rig.environment.get("WAGATE_DATABASE_URL") or f"sqlite:///{rig.folder / 'data' / 'wagate.db'}"
        ring = KeyRing.parse((rig.folder / "data" / "secret-keys").read_text())
        signal = await signal_secrets(address, ring, facts["session"])
    own = {name for name in stores if name.startswith(("data/admin.json", "data/secret-keys"))}
    others = {name: content for name, content in stores.items() if name not in own}
    everywhere = {**others, **logs}
    assert hits({**facts["secrets"], **signal}, everywhere) == []

    # The first administrator's and the ring's, which have a file each.
    credentials = {"the administrator's password": facts["admin"]["password"], "their key": facts["admin"]["key"]}
    key = ring.to_text().partition(":")[2]
    assert hits({**credentials, "the key ring": key, "its bytes": base64.b64decode(key)}, others) == []
    assert hits({"the key ring": key, "its bytes": base64.b64decode(key)}, logs) == []
    for credential in credentials.values():
        assert logs["gateway.log"].count(credential.encode()) == 1, "it is printed at the first start, and never again"
    for name in ("admin.json", "secret-keys"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600

    # What people wrote is for the database, and their files are for the folder of files.
    assert hits(facts["texts"], logs) == []
    held = {name: content for name, content in others.items() if not name.startswith("data/media")}
    assert hits({"a file": FILE}, held) == []
    # It would be found if it were there: texts stand in the database by design.
    assert hits({"a text": OUT, "a number": facts["texts"]["a correspondent's number"]}, held) != []
