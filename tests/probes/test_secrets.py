"""Planted secrets: everything secret that a gateway holds is used for a while, and then looked for wherever it writes.

What may be where, by design:

* Texts, names and numbers of messages stand in the database, so that they can be looked up. They are in no log.
* Files of messages stand in the data folder, as they are. They are in no database and no log.
* `admin.json` and `secret-keys` hold the first administrator's credentials and the key ring, for their owner alone;
  the administrator's key is printed once, at the first start.
* Keys of the API stand in the database as hashes; proxies, webhook secrets, headers, and all that Signal uses, sealed.
* Codes to link a phone are in memory.

Everything else is looked for everywhere, in every spelling that it is likely to be written in.
"""

import base64
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pytest
from sqlalchemy import MetaData, create_engine, make_url, select

from tests.conftest import import_stores
from tests.engine.proxies.servers import HttpProxy
from tests.scenarios.rig import Json, Rig, media, new_number, open_rig
from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing
from wagate.engine.store import DataKeys, signal_keys
from wagate.storage.database import Database

Places = Mapping[str, bytes]
#: Shorter texts are found by chance.
_LEAST: Final = 12
PROXY_PASSWORD: Final = "planted-proxy-passw0rd"
HEADER: Final = "planted-header-s3cret"
OUT: Final = "planted text that goes out"
IN: Final = "planted text that comes in"
CAPTION: Final = "planted caption of a file"
FILE: Final = b"\x00planted bytes of a file\x00" * 4


# -- where to look: another store takes a function here ----------------------------------------------------------------


async def files_of(rig: Rig) -> Places:
    """The data folder: the database with its write-ahead log and its free pages, media, and what else there is."""
    return {
        f"data/{path.relative_to(rig.folder / 'data')}": path.read_bytes()
        for path in (rig.folder / "data").rglob("*")
        if path.is_file()
    }


async def logs_of(rig: Rig) -> Places:
    """The log of the gateway and its bridge, and the wire log."""
    wire = {f"wire/{path.name}": path.read_bytes() for path in (rig.folder / "wire").rglob("*") if path.is_file()}
    assert wire, "no wire log was written"
    return {"gateway.log": (rig.folder / "gateway.log").read_bytes(), **wire}


async def postgres_of(rig: Rig) -> Places:
    """Every row of every table, and the files of the server: rows that were deleted are still in those."""
    address = rig.environment.get("WAGATE_DATABASE_URL")
    if address is None:
        return {}
    places = {}
    engine = create_engine(address)
    with engine.connect() as connection:
        present = MetaData()
        present.reflect(connection)
        for table in present.sorted_tables:
            rows = connection.execute(select(table)).all()
            places[f"table {table.name}"] = b"\n".join(_written(value) for row in rows for value in row)
    engine.dispose()
    folder = make_url(address).query["host"]
    assert isinstance(folder, str)
    for path in Path(folder).rglob("*"):
        if path.is_file() and path.stat().st_size:
            places[f"postgres {path.name}"] = path.read_bytes()
    return places


LOGS: Final[tuple[Callable[[Rig], Awaitable[Places]], ...]] = (logs_of,)
STORES: Final[tuple[Callable[[Rig], Awaitable[Places]], ...]] = (files_of, postgres_of)


async def _all(rig: Rig, places: tuple[Callable[[Rig], Awaitable[Places]], ...]) -> Places:
    return {name: content for look in places for name, content in (await look(rig)).items()}


def _written(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return (json.dumps(value) if isinstance(value, dict | list) else str(value)).encode()


# -- what to look for --------------------------------------------------------------------------------------------------


def spellings(secret: str | bytes) -> set[bytes]:
    """How a secret may be written."""
    raw = secret.encode() if isinstance(secret, str) else secret
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw), base64.b32encode(raw)}
    found |= {base64.urlsafe_b64encode(raw).rstrip(b"="), base64.b64encode(raw).rstrip(b"="), repr(raw)[2:-1].encode()}
    if isinstance(secret, str):
        found |= {quote(secret).encode(), json.dumps(secret)[1:-1].encode()}
    return {spelling for spelling in found if len(spelling) >= _LEAST}


def hits(secrets: Mapping[str, str | bytes], places: Places) -> list[str]:
    """Which secrets stand where."""
    return [
        f"{what} in {where}"
        for what, secret in secrets.items()
        for where, content in places.items()
        if any(spelling in content for spelling in spellings(secret))
    ]


async def signal_secrets(rig: Rig, session: str) -> dict[str, bytes]:
    """Every binary value in what the stopped gateway's engine keeps for a session: private keys and chains first."""
    import_stores()
    address = rig.environment.get("WAGATE_DATABASE_URL") or f"sqlite:///{rig.folder / 'data' / 'wagate.db'}"
    ring = KeyRing.parse((rig.folder / "data" / "secret-keys").read_text())
    db = await Database.open(address)
    try:
        key = await DataKeys(db, ring).of(SessionId(session))
        query = select(signal_keys).where(signal_keys.c.session_id == session)
        rows = await db.read(lambda tx: tx.execute(query).all())
        found = {}
        for row in rows:
            opened = key.open(row.value, _aad(session, row.kind, row.key))
            for number, leaf in enumerate(_leaves(opened)):
                found[f"{row.kind} {row.key} {number}"] = leaf
    finally:
        await db.close()
    assert len(found) > 50, "an engine with hardly any keys is none"
    return found


def _aad(session: str, kind: str, key: str) -> bytes:
    from wagate.engine import store

    return store._key_aad(SessionId(session), kind, key)


def _leaves(value: Any) -> Iterator[bytes]:
    """The binary values of 32 bytes or more within a record, whatever it is packed as."""
    if isinstance(value, bytes):
        try:
            unpacked = msgspec.json.decode(value) if value[:1] in b"{[" else msgspec.msgpack.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unpacked = None
        if isinstance(unpacked, list | dict):
            yield from _leaves(unpacked)
        elif len(value) >= 32:
            yield value
    elif isinstance(value, str) and len(value) in (44, 88):
        try:
            yield base64.b64decode(value, validate=True)
        except ValueError:
            return
    elif isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)


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
                    **{f"part {n} of a QR code": part for n, part in enumerate(code["qrString"].split(","))},
                    # Its characters without the dash are the secret; eight are too few to be looked for.
                    "a pairing code": f'"{pairing["code"]}"',
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
        signal = await signal_secrets(rig, facts["session"])
    own = {name for name in stores if name.startswith(("data/admin.json", "data/secret-keys"))}
    others = {name: content for name, content in stores.items() if name not in own}
    everywhere = {**others, **logs}
    assert hits({**facts["secrets"], **signal}, everywhere) == []

    # The first administrator's and the ring's, which have a file each.
    credentials = {"the administrator's password": facts["admin"]["password"], "their key": facts["admin"]["key"]}
    ring = (tmp_path / "data" / "secret-keys").read_text().strip().partition(":")[2]
    assert hits({**credentials, "the key ring": ring, "its bytes": base64.b64decode(ring)}, others) == []
    assert hits({"the key ring": ring, "its bytes": base64.b64decode(ring)}, logs) == []
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


def test_what_is_looked_for_is_found_in_every_spelling() -> None:
    secret = "pl/nted+secret with ümlaut"
    raw = secret.encode()
    written = (raw, raw.hex().encode(), base64.b64encode(raw), quote(secret).encode(), json.dumps(secret).encode())
    assert [hits({"it": secret}, {"there": b"before " + content + b" after"}) for content in written] == [
        ["it in there"]
    ] * len(written)
    assert hits({"it": secret}, {"there": b"nothing"}) == []
