"""One run: load in both directions, kills, then the question whether anything accepted was lost or doubled.

The load sends with idempotency keys and repeats a request until it is answered, as a careful customer does. What is
checked comes from others' records alone: what the phones show, what the sandbox's wire saw, what the webhook receiver
got.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.scenarios.rig import Rig
from wagate.cli.client import ApiFailure
from wagate.core.errors import StartupError

SHOP = "491700000001"
ADA = "491700000002"
BOB = "491700000003"

#: Accepted messages must have arrived this long after the last kill; backoff reaches a minute after some kills.
QUIET_SECONDS = 150.0


@dataclass(slots=True)
class Tally:
    """What the load knows it was promised."""

    accepted: dict[str, str] = field(default_factory=dict)
    """text -> WhatsApp id of every send answered 2xx."""
    sent_by_phones: dict[str, str] = field(default_factory=dict)
    """text -> WhatsApp id of every message a phone sent."""
    kills: Counter[str] = field(default_factory=Counter)


class Campaign:
    """Drives one rig. ``say`` is told of each kill."""

    def __init__(self, rig: Rig, seed: int, say: Callable[[str], None]) -> None:
        self.rig = rig
        self.random = random.Random(seed)
        self.say = say
        self.tally = Tally()
        self.session = ""
        self._number = 0
        self._stop = asyncio.Event()

    async def prepare(self) -> None:
        await self.rig.phone(ADA, "Ada")
        await self.rig.phone(BOB, "Bob")
        self.session = await self.rig.linked(SHOP)
        await self.rig.subscribe()

    async def random_kills(self, count: int) -> None:
        """Kill the bridge or the whole program ``count`` times while the load goes on."""
        load = [asyncio.create_task(self._send(to)) for to in (ADA, BOB)]
        load.append(asyncio.create_task(self._receive(ADA)))
        try:
            for number in range(count):
                await asyncio.sleep(self.random.uniform(0.1, 1.5))
                whole = self.random.random() < 0.4
                await (self._kill_program() if whole else self._kill_bridge())
                self.say(f"kill {number + 1}/{count}: {'program' if whole else 'bridge'}")
        finally:
            self._stop.set()
            await asyncio.gather(*load)

    async def kill_at(self, point: str, occurrence: int) -> None:
        """Have the bridge kill itself at a named point of the next messages, with load on."""
        await self.rig.stop_gateway()
        await self.rig.start_gateway(WAGATE_TEST_FAULTS="1", WAGATE_BRIDGE_CRASH_AT=f"{point}:{occurrence}")
        self.tally.kills[point] += 1
        load = [asyncio.create_task(self._send(ADA)), asyncio.create_task(self._receive(BOB))]
        first = len(self.tally.accepted), len(self.tally.sent_by_phones)
        try:
            async with asyncio.timeout(60):
                while "bridge ended" not in self.rig.log_since_start:
                    await asyncio.sleep(0.05)
                # The next life of the bridge must not die at the same point again, or nothing would ever pass.
                await self.rig.kill_gateway()
                await self._restart()
                while (len(self.tally.accepted), len(self.tally.sent_by_phones)) <= (first[0] + 5, first[1] + 5):
                    await asyncio.sleep(0.05)
        finally:
            self._stop.set()
            await asyncio.gather(*load)
            self._stop = asyncio.Event()
        self.say(f"killed at {point}, occurrence {occurrence}")

    async def settle(self) -> None:
        """Wait until all that was promised is there; then :meth:`violations` says the truth."""
        async with asyncio.timeout(QUIET_SECONDS):
            while await self._missing():
                await asyncio.sleep(0.25)

    async def violations(self) -> list[str]:
        """Every broken promise, in words; empty is good."""
        found = []
        shown: list[dict[str, object]] = []
        for number in (ADA, BOB):
            inbox = [m for m in await self.rig.inbox(number) if not m.get("fromMe")]
            shown += inbox
            texts = [str(m["text"]) for m in inbox if str(m["text"]).startswith("out ")]
            found += [f"{number} sees {text!r} {n} times" for text, n in Counter(texts).items() if n > 1]
            order = [int(text.split()[1]) for text in texts]
            if order != sorted(order):
                found.append(f"{number} sees messages out of order: {order}")
        visible = {m["waId"] for m in shown}
        found += [f"accepted and never sent: {t!r}" for t, i in self.tally.accepted.items() if i not in visible]
        wire = await self.rig.wire()
        found += _reused_counters(wire)
        told = {e["data"]["waId"] for e in self.rig.sink.events if e["type"] == "message.received"}
        receipted = {i for e in wire if e["stanza"] == "receipt" and e["direction"] == "in" for i in e["receiptIds"]}
        ours = {t: i for t, i in self.tally.sent_by_phones.items() if i in receipted}
        found += [f"receipted and never told: {text!r}" for text, i in ours.items() if i not in told]
        never = [t for t, i in self.tally.sent_by_phones.items() if i not in told]
        found += [f"sent by a phone and never told: {text!r}" for text in never]
        return found

    async def _missing(self) -> bool:
        visible = {m["waId"] for number in (ADA, BOB) for m in await self.rig.inbox(number)}
        told = {e["data"]["waId"] for e in self.rig.sink.events if e["type"] == "message.received"}
        return bool(set(self.tally.accepted.values()) - visible or set(self.tally.sent_by_phones.values()) - told)

    async def _send(self, to: str) -> None:
        while not self._stop.is_set():
            self._number += 1
            text = f"out {self._number}"
            while not self._stop.is_set():
                try:
                    async with self.rig.api.http.post(
                        f"{self.rig.api.url}/api/sessions/{self.session}/send?wait=0",
                        json={"to": f"+{to}", "text": text},
                        headers={"Idempotency-Key": f"load-{text}"},
                    ) as response:
                        answer = await response.json()
                        if response.status < 300:
                            self.tally.accepted[text] = answer["waId"]
                            break
                        assert response.status == 503, answer
                except (aiohttp.ClientError, ApiFailure, RuntimeError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.02)

    async def _receive(self, sender: str) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            text = f"in {sender} {number} {self.random.random()}"
            self.tally.sent_by_phones[text] = await self.rig.phone_sends(sender, to=SHOP, text=text)
            await asyncio.sleep(0.03)

    async def _kill_bridge(self) -> None:
        self.tally.kills["bridge"] += 1
        for pid in bridges(self.rig.gateway_pid):
            os.kill(pid, signal.SIGKILL)

    async def _kill_program(self) -> None:
        self.tally.kills["program"] += 1
        await self.rig.kill_gateway()
        await self._restart()

    async def _restart(self) -> None:
        try:
            await self.rig.start_gateway()
        except StartupError as error:
            raise AssertionError(f"it does not start again after a kill: {error.detail}") from error


def bridges(pid: int) -> list[int]:
    """The Node processes under a gateway."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if "node" in Path(f"/proc/{child}/comm").read_text()]


def _reused_counters(wire: list[dict[str, object]]) -> list[str]:
    """Ciphertexts of sessions that use a (sender, recipient, chain, counter) a second time."""
    used: Counter[tuple[object, ...]] = Counter()
    for entry in wire:
        if entry["direction"] != "in" or entry["stanza"] != "message":
            continue
        ciphers = entry["ciphers"]
        assert isinstance(ciphers, list)
        used.update((entry["session"], c["to"], c["chain"], c["counter"]) for c in ciphers)
    return [f"ratchet counter used {n} times: {key}" for key, n in used.items() if n > 1]
