"""Planted secrets in a fleet: everything secret is used for a while, while stores go away and processes restart, and is
then looked for in PostgreSQL, in Redis and what went over it, in every bucket, and in what every process wrote.

What stands somewhere by design is in :data:`BY_DESIGN`, with the reason.
"""

import asyncio
import base64
import json
import secrets as randomness
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from redis import Redis
from sqlalchemy import create_engine, select, text

from tests.chaos.fleet import WORKERS, ChaosFleet, open_fleet
from tests.chaos.stores import BUCKETS
from tests.conftest import import_stores
from tests.engine.proxies.servers import HttpProxy
from tests.probes import fleet_places
from tests.probes.fleet_places import Overheard
from tests.probes.search import LEAST, Places, Search, leaves
from tests.probes.test_secrets import signal_secrets
from tests.scenarios.fleet import ADMIN_KEY, TOKEN
from tests.scenarios.rig import media, new_number
from tests.scenarios.test_backups import backed_up
from wagate.core.errors import StartupError
from wagate.core.seal import KeyRing
from wagate.keyring.store import ring_columns
from wagate.storage.database import Database

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]

#: Secrets and places, by how their names begin, and why the one may stand in the other.
BY_DESIGN: Final = (
    ("QR code", "redis qr:", "kept for 120 s, so that every gateway can show it; the contract names the key"),
    ("QR code", "redis commands", "the same, on its way"),
    ("pairing code", "redis pairing:", "kept until it runs out, so that every gateway can show it"),
    ("pairing code", "redis commands", "the same, on its way"),
    ("administrator's", "folder gateway-1/admin.json", "the first start keeps them for whoever started it (0600)"),
    ("file", "bucket whatsapp-media/", "what files are for"),
    ("text", "table ", "so that messages can be looked up"),
    ("text", "postgres/", "the same, in the server's files"),
)
#: For how long stores go away: what fails is logged.
_AWAY_SECONDS: Final = 1.5


@dataclass(slots=True)
class Planted:
    """What is secret, and where it was looked for while it was in use."""

    secrets: dict[str, str | bytes] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    while_running: dict[str, bytes] = field(default_factory=dict)
    codes_in_redis: list[str] = field(default_factory=list)
    seconds_kept: float = 0.0

    def know(self, found: Mapping[str, bytes]) -> None:
        """Look for these too. Some of what an engine keeps of its device is part of the QR code that links it."""
        shown = str(self.secrets["QR code"]).encode()
        for name, secret in found.items():
            part = base64.b64encode(secret) in shown
            self.secrets[f"QR code, as kept: {name}" if part else name] = secret


def made_up(what: str) -> str:
    """A secret that nobody else has, with characters that are written in several ways."""
    return f"planted-{what}/+{randomness.token_urlsafe(12)}"


def wild(secrets: Mapping[str, str | bytes], places: Places) -> list[str]:
    """Which secrets stand where they may not."""
    search = Search(secrets)
    return [
        f"{secret} in {where}"
        for where, content in places.items()
        for secret in sorted(search.within(content))
        if not any(secret.startswith(what) and where.startswith(place) for what, place, _ in BY_DESIGN)
    ]


# -- planting ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def fleet_of(folder: Path, planted: Planted) -> AsyncIterator[tuple[ChaosFleet, str]]:
    """A fleet whose every setting that is secret is a planted one; and the password of its stores."""
    password = f"planted-store-{randomness.token_hex(12)}"
    ring = KeyRing.generate(randomness.token_bytes).with_new_key()
    own = {"admin's password": made_up("admin"), "metrics": made_up("metrics"), "S3": made_up("s3")}
    planted.secrets |= {
        "administrator's key": ADMIN_KEY,
        "administrator's password": own["admin's password"],
        "worker token": TOKEN,
        "token of those who read metrics": own["metrics"],
        "secret key of the object store": own["S3"],
        "password of PostgreSQL and Redis": password,
    }
    for part in ring.to_text().split(","):
        key_id, _, key = part.partition(":")
        planted.secrets |= {f"key {key_id} of the ring": key, f"key {key_id} of the ring, bytes": base64.b64decode(key)}
    planted.secrets |= {f"key {key_id} that signs log-ins": key for key_id, key in ring.derive(b"login token").items()}
    async with open_fleet(
        folder,
        workers=WORKERS[:2],
        password=password,
        WAGATE_SECRET_KEYS=ring.to_text(),
        WAGATE_ADMIN_PASSWORD=own["admin's password"],
        WAGATE_METRICS_TOKEN=own["metrics"],
        WAGATE_S3_SECRET_ACCESS_KEY=own["S3"],
        WAGATE_REGISTRATION="open",
        WAGATE_LOG_LEVEL="debug",
        WAGATE_LOG_FORMAT="json",
        WAGATE_WIRE_LOG=str(folder / "wire"),
    ) as fleet:
        yield fleet, password


async def credentials(fleet: ChaosFleet, planted: Planted) -> None:
    """People who register, log in and mistype; keys that are made, refused and put where they do not belong."""
    password, mistyped, other = made_up("person"), made_up("mistyped"), made_up("changed")
    person = {"email": "ada@example.org", "password": password}
    registered = await fleet.api.call("POST", "/api/register", person)
    url, http = fleet.balancer.url, fleet.api.http
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post(f"{url}/api/login", json=person) as answer:
            assert answer.status == 200
            login, cookies = await answer.json(), [cookie.value for cookie in answer.cookies.values()]
        async with browser.get(f"{url}/api/me") as me:
            csrf = (await me.json())["csrfToken"]
        change = {"password": other, "currentPassword": password}
        headers = {"X-CSRF-Token": csrf}
        async with browser.patch(f"{url}/api/users/me", json=change, headers=headers) as changed:
            assert changed.status == 200, await changed.text()
    async with http.post(
        f"{url}/api/login", json={**person, "password": mistyped}, headers={"Authorization": ""}
    ) as no:
        assert no.status == 401
    colleague = await fleet.api.call(
        "POST", "/api/users", {"email": "bob@example.org", "name": "Bob", "role": "viewer"}
    )
    key = await fleet.api.call("POST", "/api/keys", {"name": "planted"})
    planted.secrets |= {
        "a person's password": password,
        "a person's later password": other,
        "a mistyped password": mistyped,
        "a colleague's password": colleague["password"],
        "an API key": key["key"],
        "a registration's token": registered["token"],
        "a log-in's token": login["token"],
        "a log-in's signature": login["token"].rpartition(".")[2],
        "a CSRF token": csrf,
        **{f"cookie {number}": value for number, value in enumerate(cookies)},
    }
    # A key in an address, one that is a letter too long, and one that is revoked: all are refused, and none is logged.
    async with http.get(f"{url}/api/me", params={"token": key["key"]}, headers={"Authorization": ""}) as no:
        assert no.status == 401
    async with http.get(f"{url}/api/me", headers={"Authorization": f"Bearer {key['key']}x"}) as no:
        assert no.status == 401
    await fleet.api.call("DELETE", f"/api/keys/{key['id']}")
    scraper = {"Authorization": f"Bearer {planted.secrets['token of those who read metrics']}"}
    async with http.get(f"{url}/metrics", headers=scraper) as yes:
        assert yes.status == 200


async def sessions(fleet: ChaosFleet, proxy: HttpProxy, password: str, planted: Planted) -> None:
    """A session behind a proxy, linked by QR, another that waits for its code; messages, files and webhooks."""
    shop, ada = await fleet.phone(new_number(), "Shop"), await fleet.phone(new_number(), "Ada")
    header, proxy_password = made_up("header"), randomness.token_hex(16)
    proxy.login = ("planted", proxy_password)
    card = {"name": "shop", "proxy": proxy.url(f"planted:{proxy_password}")}
    session = str((await fleet.api.call("POST", "/api/sessions", card))["id"])
    await fleet.api.call("POST", f"/api/sessions/{session}/connect")
    qr = (await fleet.api.call("GET", f"/api/sessions/{session}/qr", query={"wait": "30"}))["qrString"]
    other = str((await fleet.api.call("POST", "/api/sessions", {"name": "by code"}))["id"])
    pairing = await fleet.api.call("POST", f"/api/sessions/{other}/pairing-code", {"phone": f"+{new_number()}"})
    with Redis(unix_socket_path=fleet.valkey.url.removeprefix("unix://"), password=password) as client:
        planted.codes_in_redis = [name for name in (f"qr:{session}", f"pairing:{other}") if client.exists(name)]
        planted.seconds_kept = float(client.pttl(f"qr:{session}")) / 1000
    planted.while_running |= fleet_places.redis_of(fleet, password)
    await fleet.phones.call("POST", f"/sandbox/phones/{shop}/scan", {"qr": qr})
    await fleet.reaches(session, "connected")
    planted.sessions.append(session)

    hook = {"url": fleet.sink.url, "headers": {"x-planted": header}}
    endpoint = await fleet.api.call("POST", "/api/webhooks/endpoints", hook)
    later = await fleet.api.call("POST", f"/api/webhooks/endpoints/{endpoint['id']}/rotate-secret")
    fleet.sink.secret = later["secret"]
    content = randomness.token_bytes(64) * 8
    texts = {what: f"planted text {what} {randomness.token_hex(8)}" for what in ("out", "in", "caption", "refused")}
    sent = await fleet.send(session, ada, text=texts["out"])
    await fleet.shown(ada, sent["waId"])
    attached = media(content, "application/octet-stream", "a.bin")
    file = await fleet.send(session, ada, type="document", media=attached, caption=texts["caption"])
    await fleet.shown(ada, file["waId"])
    came = await fleet.phone_sends(ada, to=shop, text=texts["in"])
    await fleet.told("message.received", came)
    refused = {"to": f"+{ada}", "text": texts["refused"], "unknown": proxy_password}
    async with fleet.api.http.post(f"{fleet.api.url}/api/sessions/{session}/send", json=refused) as answer:
        assert answer.status == 400
    planted.secrets |= {
        "proxy's password": proxy_password,
        "webhook header": header,
        "webhook secret": endpoint["secret"],
        "webhook secret, bytes": base64.b64decode(endpoint["secret"].removeprefix("whsec_")),
        "webhook secret that follows": later["secret"],
        "QR code": qr,
        **{f"QR code, part {n}": part for n, part in enumerate(qr.split(",")) if len(part) >= LEAST},
        "pairing code": pairing["code"],
        "pairing code without its dash": pairing["code"].replace("-", ""),
        **{f"text {what}": words for what, words in texts.items()},
        "text: number of the session": shop,
        "text: number of somebody": ada,
        "file": content,
    }


async def trouble(fleet: ChaosFleet, planted: Planted) -> None:
    """What fails is logged, and what is logged may tell: stores go away, processes are refused and restart."""
    for which in ("redis", "s3", "postgres"):
        for way in fleet.ways(which):
            await way.stop()
        await asyncio.sleep(_AWAY_SECONDS)
        for way in fleet.ways(which):
            await way.restore()
    await fleet.until(fleet.is_whole, "the fleet is whole", 60)
    await fleet.prepare("stray", "gateway")
    unreachable = {
        "WAGATE_DATABASE_URL": fleet.postgres.url_at(9, str(planted.secrets["password of PostgreSQL and Redis"])),
    }
    for wrong in (unreachable, {"WAGATE_SECRET_KEYS": "1:" + str(planted.secrets["key 1 of the ring"])[:-4] + "AAA="}):
        with pytest.raises(StartupError):
            await fleet.run("stray", **wrong)
    # The other form of the log.
    for name in ("gateway-2", *WORKERS[:2]):
        fleet.ask_to_end(name)
        await fleet.gone(name)
        await fleet.run(name, WAGATE_LOG_FORMAT="console")
    await fleet.until(fleet.is_whole, "the fleet is whole", 60)


async def at_rest(fleet: ChaosFleet, planted: Planted) -> dict[str, bytes]:
    """What is secret in the database: every key of the sessions, and every value that the ring seals."""
    import_stores()
    ring, found = KeyRing.parse(fleet.environment["WAGATE_SECRET_KEYS"]), dict[str, bytes]()
    for session in planted.sessions:
        opened = await signal_secrets(fleet.postgres.url, ring, session)
        found |= {f"{session} {name}": value for name, value in opened.items()}
    db = await Database.open(fleet.postgres.url)
    try:
        for column in ring_columns():
            # Contents of messages stand in other columns too, and are looked for by themselves.
            rows: list[Any] = await db.read(lambda tx, column=column: tx.execute(select(column.table)).mappings().all())  # type: ignore[misc]
            for row in rows if column.table.name != "messages" else ():
                if value := row[column.column.name]:
                    plain = ring.open(value, column.place(row))
                    found |= {f"{column} {number}": leaf for number, leaf in enumerate(leaves(plain))}
    finally:
        await db.close()
    return found


def on_purpose(fleet: ChaosFleet, password: str, secret: str) -> set[str]:
    """Write a secret into each kind of place; the places."""
    with Redis(unix_socket_path=fleet.valkey.url.removeprefix("unix://"), password=password) as client:
        client.set("leak", json.dumps({"here": secret}))
        client.xadd("leaks", {"here": base64.b64encode(secret.encode())})
        client.publish("leaking", secret.encode().hex())
    engine = create_engine(fleet.postgres.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leak (here bytea)"))
        connection.execute(text("INSERT INTO leak VALUES (:secret)"), {"secret": secret.encode()})
    engine.dispose()
    for bucket in BUCKETS:
        fleet.objects.put(bucket, "leak", b"{" + secret.encode() + b"}")
    with (fleet.folder / "gateway-1.log").open("a") as log:
        log.write(f"GET /api/me?token={secret}\n")
    buckets = {f"bucket {bucket}/leak" for bucket in BUCKETS}
    return buckets | {"redis leak", "redis leaks", "redis publications", "table leak", "log gateway-1.log"}


# -- the search --------------------------------------------------------------------------------------------------------


async def test_no_secret_of_a_fleet_is_written_down_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted, leaked = Planted(), made_up("leak")
    async with (
        HttpProxy() as proxy,
        fleet_of(tmp_path, planted) as (fleet, password),
        Overheard(fleet.valkey.url.removeprefix("unix://"), password) as overheard,
    ):
        await credentials(fleet, planted)
        await sessions(fleet, proxy, password, planted)
        for session in planted.sessions:
            await backed_up(fleet, session)
        await trouble(fleet, planted)
        await fleet.reaches(planted.sessions[0], "connected")
        planted.while_running |= fleet_places.command_lines_of(fleet)
        for name in (*fleet.of("gateway"), *WORKERS[:2]):
            fleet.ask_to_end(name)
            await fleet.gone(name)
        places = {f"{name}, before": content for name, content in planted.while_running.items()}
        places |= await everything(fleet, password, overheard)
        planted.know(await at_rest(fleet, planted))

        expected = on_purpose(fleet, password, leaked)
        after = await everything(fleet, password, overheard)
        found = {where for where, content in after.items() if Search({"it": leaked}).within(content)}
    with capsys.disabled():
        sys.stderr.write(f"\n{told(planted, places)}\n")
    assert wild(planted.secrets, places) == []

    # What is by design is there, and so would be found elsewhere.
    assert planted.codes_in_redis
    assert 0 < planted.seconds_kept <= 120
    for what, place, _why in BY_DESIGN:
        known = {name: secret for name, secret in planted.secrets.items() if name.startswith(what)}
        there = b"".join(content for where, content in places.items() if where.startswith(place))
        assert Search(known).within(there), f"no {what} in {place}"
    # And what is written on purpose is found in every kind of place.
    assert expected <= found, expected - found
    assert any(where.startswith("postgres/data/base/") for where in found)


async def everything(fleet: ChaosFleet, password: str, overheard: Overheard) -> dict[str, bytes]:
    await overheard.caught_up()
    return {
        **fleet_places.postgres_of(fleet),
        **fleet_places.redis_of(fleet, password),
        **overheard.places,
        **fleet_places.buckets_of(fleet),
        **fleet_places.folders_of(fleet),
        **await fleet_places.logs_of(fleet),
    }


def told(planted: Planted, places: Places) -> str:
    """What was looked for, and in how much."""
    search = Search(planted.secrets)
    lines = [f"{len(planted.secrets):,} secrets in {search.spellings:,} spellings"]
    for kind in sorted({_kind(where) for where in places}):
        sizes = [len(content) for where, content in places.items() if _kind(where) == kind]
        lines.append(f"{kind}: {sum(sizes):,} bytes in {len(sizes)} places")
    return "; ".join(lines)


def _kind(where: str) -> str:
    return where.partition(" ")[0].partition("/")[0]
