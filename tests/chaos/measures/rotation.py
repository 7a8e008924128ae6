"""S5: 100,000 sealed values are rotated to another key while a fleet is under load: reads that fail, values that were
moved to another row, and how long it takes.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from tests.chaos.campaign import Campaign, campaign
from tests.chaos.faults.restarts import replaced
from tests.chaos.fleet import GATEWAYS, WORKERS
from tests.chaos.report import percentile
from tests.conftest import import_stores
from tests.keyring.world import row_of
from wagate.cli.client import ApiFailure
from wagate.core.ids import SessionId
from wagate.core.seal import KeyRing, SealBroken
from wagate.messages.payload import seal, unseal
from wagate.messages.store import messages
from wagate.storage.database import Database

_VALUES: Final = 100_000
#: About what a text with its context takes.
_BYTES: Final = 200
_TOGETHER: Final = 2_000
#: Numbers of rows that the load does not get to.
_FIRST_ROW: Final = 1_000_000_000
_READERS: Final = 2
#: Between two reads of a reader, and two changes of the writer: some 200 reads and 20 changes a second.
_READ_PAUSE: Final = 0.01
_CHANGE_PAUSE: Final = 0.05
_USUAL_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.25
_PATIENCE: Final = 600.0


@dataclass(slots=True)
class Planted:
    """Sealed values of messages in the fleet's database, and what they are."""

    db: Database
    ring: KeyRing
    plain: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, tuple[SessionId, str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    read_seconds: list[float] = field(default_factory=list)
    write_seconds: list[float] = field(default_factory=list)

    async def plant(self, count: int) -> None:
        for begin in range(0, count, _TOGETHER):
            rows = [self._row() for _ in range(min(_TOGETHER, count - begin))]
            await self.db.write(lambda tx, rows=rows: tx.execute(messages.insert(), rows))  # type: ignore[misc]

    async def swap(self, one: int, other: int) -> None:
        """Put the sealed value of each of two rows into the other, as somebody with access to the database might."""
        first, second = [await self._value(seq) for seq in (one, other)]
        await self.db.write(lambda tx: [tx.execute(_changed(one, second)), tx.execute(_changed(other, first))])

    async def opens(self, seq: int) -> bool:
        """Whether a row holds what it is known to hold."""
        return self._holds(seq, await self._value(seq))

    async def wrong(self) -> list[int]:
        """The rows, of all, that do not hold what they are known to hold."""
        found, rows = [], sorted(self.plain)
        for begin in range(0, len(rows), _TOGETHER):
            some = rows[begin : begin + _TOGETHER]
            query = select(messages.c.seq, messages.c.payload).where(messages.c.seq.between(some[0], some[-1]))
            values = dict(await self.db.read(lambda tx, query=query: [tuple(row) for row in tx.execute(query)]))  # type: ignore[misc]
            found += [seq for seq in some if seq not in values or not self._holds(seq, bytes(values[seq]))]
        return found

    async def read(self, seed: int, rows: Sequence[int]) -> None:
        """Read one after the other until cancelled."""
        choose = random.Random(seed)
        while True:
            seq = choose.choice(rows)
            begun = time.monotonic()
            if not await self.opens(seq):
                self.failed.append(f"row {seq}")
            self.read_seconds.append(time.monotonic() - begun)
            await asyncio.sleep(_READ_PAUSE)

    async def change(self, rows: Sequence[int]) -> None:
        """Store other values, until cancelled; each has to be there in the end. ``rows`` are read by nobody else."""
        for number, seq in enumerate(rows):
            plain = b"changed %d" % number
            sealed = seal(self.ring, *self.places[seq], plain)
            self.plain[seq] = plain
            begun = time.monotonic()
            await self.db.write(lambda tx, seq=seq, sealed=sealed: tx.execute(_changed(seq, sealed)))  # type: ignore[misc]
            self.write_seconds.append(time.monotonic() - begun)
            await asyncio.sleep(_CHANGE_PAUSE)

    def forget_times(self) -> None:
        self.read_seconds.clear()
        self.write_seconds.clear()

    def _row(self) -> dict[str, Any]:
        # Made now, so that what forgets old contents leaves them.
        row = {**row_of(messages), "seq": _FIRST_ROW + len(self.plain), "created_at": datetime.now(UTC)}
        seq, place = row["seq"], (SessionId(row["session_id"]), str(row["wa_id"]))
        self.plain[seq], self.places[seq] = os.urandom(_BYTES), place
        return {**row, "payload": seal(self.ring, *place, self.plain[seq])}

    def _holds(self, seq: int, sealed: bytes) -> bool:
        try:
            return unseal(self.ring, *self.places[seq], sealed) == self.plain[seq]
        except SealBroken:
            return False

    async def _value(self, seq: int) -> bytes:
        query = select(messages.c.payload).where(messages.c.seq == seq)
        return bytes(await self.db.read(lambda tx: tx.execute(query).scalar_one()))


def _changed(seq: int, sealed: bytes) -> Any:
    return update(messages).where(messages.c.seq == seq).values(payload=sealed)


async def measure(arguments: argparse.Namespace, say: Callable[[str], None]) -> str:
    import_stores()
    with tempfile.TemporaryDirectory(prefix="wagate-chaos-run-") as folder:
        async with campaign(Path(folder), arguments.seed, say) as running:
            db = await Database.open(running.ground.fleet.postgres.url)
            try:
                return await _measured(running, db, arguments.values or _VALUES, say)
            finally:
                await db.close()


async def _measured(running: Campaign, db: Database, count: int, say: Callable[[str], None]) -> str:
    fleet = running.ground.fleet
    old = KeyRing.parse(fleet.environment["WAGATE_SECRET_KEYS"])
    planted, old_key = Planted(db, old), old.newest
    await planted.plant(count)
    say(f"{count} values planted")
    new = old.with_new_key()
    known, first = ",".join(reversed(new.to_text().split(","))), new.to_text()
    for ring in (known, first):
        fleet.environment = {**fleet.environment, "WAGATE_SECRET_KEYS": ring}
        for name in (*GATEWAYS, *WORKERS):
            await replaced(fleet, name)
        say(f"every process has {KeyRing.parse(ring)}")
    planted.ring.become(new)

    rows = sorted(planted.plain)
    swapped, changed, read = rows[:2], rows[2 : count // 2], rows[count // 2 :]
    await planted.swap(*swapped)
    work = [asyncio.create_task(planted.read(seed, read)) for seed in range(_READERS)]
    work.append(asyncio.create_task(planted.change(random.Random(0).sample(changed, len(changed)))))
    try:
        usual_begun = time.monotonic()
        await asyncio.sleep(_USUAL_SECONDS)
        usual = _times(planted, running, usual_begun)
        planted.forget_times()
        begun = time.monotonic()
        await fleet.api.call("POST", "/api/admin/keys/rotate")
        rotation = await fleet.until(lambda: _ended(running), "the rotation ends", _PATIENCE)
        took = time.monotonic() - begun
        meanwhile = _times(planted, running, begun)
        reads, changes = len(planted.read_seconds), len(planted.write_seconds)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    say(f"rotated in {took:.1f} s")

    opened = [await planted.opens(seq) for seq in swapped]
    needed = {key["id"]: key["needed"] for key in (await fleet.api.call("GET", "/api/admin/keys"))["keys"]}
    wrong = set(await planted.wrong()) - set(swapped)
    await running.settle()
    return (
        f"## S5: {count:,} sealed values are rotated under load\n\n"
        "Contents of messages of 200 bytes, in a fleet whose sessions send and receive. Goal: no failed read, swapped\n"
        "rows refused, 60 s.\n\n"
        f"- {took:.1f} s; {rotation['done']:,} values re-wrapped, {rotation['unreadable']} left as unreadable\n"
        f"- reads meanwhile: {reads:,}, of which {len(planted.failed)} failed; values changed meanwhile: {changes:,}\n"
        f"- two swapped rows: {opened.count(False)} refused; the old key is needed for {needed[old_key]}\n"
        f"- values that do not open or are not what was stored, of all: {len(wrong)}\n"
        f"- invariants broken: {len(running.breaches)}; "
        f"{running.ground.evidence.seen.accepted} messages accepted, {running.ground.evidence.seen.told} told\n\n"
        "| | read a value, p50 | p99 | store one, p50 | p99 | `POST …/send`, p50 | p99 | shown, p50 | p99 |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
        f"| before | {usual} |\n"
        f"| meanwhile | {meanwhile} |\n"
    )


async def _ended(running: Campaign) -> dict[str, Any] | None:
    await asyncio.sleep(_LOOK_SECONDS)
    try:
        rotation = (await running.ground.fleet.api.call("GET", "/api/admin/keys/rotation"))["rotation"]
    except ApiFailure:
        # It goes on whether or not somebody asks.
        return None
    return rotation if rotation and rotation["finishedAt"] else None


def _times(planted: Planted, running: Campaign, begun: float) -> str:
    """Cells of the table: half and 99 % of each kind were no slower."""
    now = time.monotonic()
    attempts = running.ground.traffic.clients.between(begun, now)
    # Some wait for WhatsApp's word; the others are answered once it is stored.
    answered = [attempt.seconds for attempt in attempts if attempt.status == 202]
    kinds = (planted.read_seconds, planted.write_seconds, answered, running.ground.evidence.latencies(begun, now))
    return " | ".join(f"{1000 * percentile(kind, part):.0f} ms" for kind in kinds for part in (0.5, 0.99))
