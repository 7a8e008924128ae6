"""One run: load in both directions, kills, then the question whether anything that was promised is missing or doubled.

The load sends with idempotency keys and repeats a request until it is answered, as a careful customer does. Two
sessions, three people and a group: so there is traffic both ways between the same two devices, and sender keys.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.faults.evidence import Evidence, Flow
from tests.scenarios.rig import Rig, new_number, open_rig
from wagate.cli.client import ApiFailure
from wagate.cli.sink import WebhookSink
from wagate.engine.points import CrashPoint

#: What was promised must be there this long after the last kill; backoff reaches 45 s after many kills in a row.
SETTLE_SECONDS = 180.0
#: After one kill, messages must flow again in both directions within this.
RECOVERY_SECONDS = 120.0
#: A flow has so many messages under way at most, as a customer with a queue of its own would.
_WINDOW = 40
_LOOK_SECONDS = 0.25
_POINT_SECONDS = 60.0


class Sink(WebhookSink):
    """A webhook receiver that can have the gateway killed when it has been told and not answered yet."""

    def __init__(self) -> None:
        super().__init__()
        self.kill: Callable[[], None] | None = None

    async def _receive(self, request: web.Request) -> web.Response:
        answer = await super()._receive(request)
        kill, self.kill = self.kill, None
        if kill is not None:
            kill()
        return answer


class Campaign:
    """Drives one rig. ``say`` is told of each kill. Made by :func:`campaign`."""

    def __init__(self, rig: Rig, sink: Sink, orders: Path, seed: int, say: Callable[[str], None]) -> None:
        self.rig = rig
        self.sink = sink
        self.orders = orders
        self.random = random.Random(seed)
        self.say = say
        self.kills: Counter[str] = Counter()
        #: Seconds from a kill until messages flowed again in both directions.
        self.recoveries: list[float] = []
        self.evidence = Evidence(rig, ())
        self.broken: list[str] = []
        self._stop = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []

    @property
    def has_bridge(self) -> bool:
        """Whether there is a process to kill beside the program itself."""
        return self.rig.engine == "baileys"

    # -- the load

    async def prepare(self) -> None:
        """Link two sessions and start the load."""
        rig = self.rig
        shop, cafe, ada, bob = (new_number() for _ in range(4))
        for number, name in ((ada, "Ada"), (bob, "Bob")):
            await rig.phone(number, name)
        one, two = await rig.linked(shop, "shop"), await rig.linked(cafe, "cafe")
        made = await rig.phones.call("POST", "/sandbox/groups", {"subject": "All", "members": [ada, bob, shop]})
        group = str(made["id"])
        await rig.subscribe("message.received")
        self.evidence.flows = (
            Flow(name="shop>ada", sender=one, to=ada, phones=(ada,)),
            Flow(name="shop>all", sender=one, to=group, phones=(ada, bob)),
            # Baileys makes new sessions with phones at every start; what it loads is only seen between devices.
            Flow(name="shop>cafe", sender=one, to=cafe, phones=(cafe,), sessions=(two,)),
            Flow(name="cafe>shop", sender=two, to=shop, phones=(shop,), sessions=(one,)),
            Flow(name="ada>shop", sender=ada, to=shop, phones=(shop,), sessions=(one,)),
            Flow(name="bob>cafe", sender=bob, to=cafe, phones=(cafe,), sessions=(two,)),
            Flow(name="bob>all", sender=bob, to=group, phones=(ada, shop), sessions=(one,)),
        )
        loads = (self._send(flow) if flow.ours else self._receive(flow) for flow in self.evidence.flows)
        self._work = [asyncio.create_task(load) for load in (self._look(), *loads)]
        await self.flows_again()

    async def stop(self) -> None:
        """End the load; what it asked for last is answered."""
        self._stop.set()
        await asyncio.gather(*self._work)
        self._work = []

    def cancel(self) -> None:
        for task in self._work:
            task.cancel()

    async def settle(self) -> None:
        """End the load and wait until all that was promised is there; :meth:`verdict` then says the truth."""
        await self.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while await self._unsettled():
                    await asyncio.sleep(_LOOK_SECONDS)

    async def verdict(self) -> list[str]:
        """Every broken promise, in words; empty is good."""
        return self.broken + await self.evidence.violations()

    async def _unsettled(self) -> bool:
        await self.evidence.look()
        if any(self.evidence.missing(flow) for flow in self.evidence.flows):
            return True
        # Receipts come last: WhatsApp's word that it was read must get into the history too.
        for session in {flow.sender for flow in self.evidence.flows if flow.ours}:
            rows = await self.rig.history(session)
            if any(row["direction"] == "out" and row["status"] != "read" for row in rows):
                return True
        return False

    async def _look(self) -> None:
        while not self._stop.is_set():
            await self.evidence.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _send(self, flow: Flow) -> None:
        number = 0
        while not self._stop.is_set():
            if len(self.evidence.missing(flow)) < _WINDOW:
                number += 1
                await self._accepted(flow, number)
            await asyncio.sleep(self.random.uniform(0.02, 0.15))

    async def _accepted(self, flow: Flow, number: int) -> None:
        """Repeat one request until it is answered."""
        text = flow.text(number)
        to = f"+{flow.to}" if flow.to.isdigit() else flow.to
        while True:
            try:
                async with self.rig.api.http.post(
                    f"{self.rig.api.url}/api/sessions/{flow.sender}/send?wait=0",
                    json={"to": to, "text": text},
                    headers={"Idempotency-Key": f"load {text}"},
                ) as response:
                    answer = await response.json()
                    if response.status < 300:
                        self.evidence.promised(flow, number, answer["waId"])
                        return
                    assert response.status == 503, f"{text!r} was refused: {answer}"
            except (aiohttp.ClientError, ApiFailure, RuntimeError, TimeoutError):
                # No gateway at the moment; a client that was closed under us says so by a RuntimeError.
                pass
            await asyncio.sleep(0.05)

    async def _receive(self, flow: Flow) -> None:
        number = 0
        while not self._stop.is_set():
            if len(self.evidence.missing(flow)) < _WINDOW:
                number += 1
                wa_id = await self.rig.phone_sends(flow.sender, to=flow.to, text=flow.text(number))
                self.evidence.promised(flow, number, wa_id)
            await asyncio.sleep(self.random.uniform(0.02, 0.15))

    # -- the kills

    async def random_kill(self) -> None:
        """Kill the bridge or the whole program at no particular moment."""
        await asyncio.sleep(self.random.uniform(0.0, 1.0))
        kind = self.random.choices(("bridge", "program", "host"), (6, 3, 1))[0] if self.has_bridge else "program"
        if kind == "bridge":
            async with self._recovering("bridge"):
                killed = await self._living_bridges()
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
                await self._are_gone(killed)
        elif kind == "program":
            async with self._recovering("program"):
                await self.rig.kill_gateway()
                await self.rig.start_gateway()
        else:
            # The host alone: its bridge must not live on and hold a connection that nobody owns.
            async with self._recovering("host"):
                left = await self._living_bridges()
                os.kill(self.rig.gateway_pid, signal.SIGKILL)
                await self.rig.gateway_gone()
                await self._are_gone(left)
                await self.rig.start_gateway()

    async def kill_at(self, point: CrashPoint, occurrence: int, *, program: bool) -> None:
        """Have the bridge kill itself, or also its host, the ``occurrence``-th time that it reaches a point."""
        async with self._recovering(f"{point} of {'program' if program else 'bridge'}"):
            order = f"{point}:{occurrence}:{'program' if program else 'bridge'}"
            before = self.rig.bridges()
            unfinished = self.orders.with_suffix(".new")
            unfinished.write_text(order)
            unfinished.rename(self.orders)
            await self._carried_out(lambda: not self.orders.exists(), order)
            await self._are_gone(before)
            if program:
                await self.rig.gateway_gone()
                await self.rig.start_gateway()

    @asynccontextmanager
    async def without_receipts(self) -> AsyncIterator[None]:
        """No receipt reaches a session; the server keeps them and delivers them with the next login."""
        await self.rig.fault(kind="drop", stanza="receipt")
        yield
        await self.rig.clear_faults()
        await self.rig.fault(kind="close", code=0)

    @asynccontextmanager
    async def perhaps_without_receipts(self) -> AsyncIterator[None]:
        """:meth:`without_receipts`, half of the time: a login brings the receipts of what a kill left unanswered before
        the outbox looks, and then nothing is sent again.
        """
        if self.random.random() < 0.5:
            async with self.without_receipts():
                yield
        else:
            yield

    async def kill_when_told(self) -> None:
        """Kill the program when its webhook has arrived, before it learns so."""
        async with self._recovering("program between webhook and answer"):
            assert self.rig.gateway is not None
            self.sink.kill = self.rig.gateway.kill
            await self._carried_out(lambda: self.sink.kill is None, "a webhook")
            await self.rig.gateway_gone()
            await self.rig.start_gateway()

    @asynccontextmanager
    async def _recovering(self, what: str) -> AsyncIterator[None]:
        """Count a kill; most of the time wait until messages flow again, sometimes leave that to the next kill."""
        patient = self.random.random() < 0.75
        yield
        self.kills[what] += 1
        self.say(f"killed: {what}")
        if patient:
            await self.flows_again()

    async def flows_again(self) -> None:
        """Wait until of each flow a message that was promised from now on has reached everybody."""
        begun = time.monotonic()
        promises = len(self.evidence.promises)
        stuck = list(self.evidence.flows)
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while stuck := [flow for flow in stuck if not self.evidence.any_arrived(flow, since=promises)]:
                    await asyncio.sleep(_LOOK_SECONDS)
                    self._check_load()
        except TimeoutError:
            names = ", ".join(flow.name for flow in stuck)
            self.broken.append(f"nothing flows after {RECOVERY_SECONDS:.0f} s: {names}")
        else:
            self.recoveries.append(time.monotonic() - begun)

    def _check_load(self) -> None:
        for task in self._work:
            if task.done() and not self._stop.is_set():
                task.result()

    async def _living_bridges(self) -> list[int]:
        """A kill that hits nothing is none."""

        async def look() -> list[int] | None:
            return self.rig.bridges() or None

        return await self.rig.until(look, "a bridge runs", RECOVERY_SECONDS)

    async def _are_gone(self, pids: list[int]) -> None:
        try:
            async with asyncio.timeout(5):
                while any(lives(pid) for pid in pids):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            self.broken.append("a bridge outlives what should end it")

    async def _carried_out(self, is_done: Callable[[], bool], what: str) -> None:
        async def look() -> bool | None:
            self._check_load()
            return is_done() or None

        await self.rig.until(look, f"a kill at {what}", _POINT_SECONDS)


def lives(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        # The latter if it ends between the file's opening and its reading.
        return False


@asynccontextmanager
async def campaign(
    folder: Path, seed: int, say: Callable[[str], None] = lambda what: None, engine: str = "baileys"
) -> AsyncIterator[Campaign]:
    """A rig with its load running."""
    orders, sink = folder / "crash-order", Sink()
    armed = {"WAGATE_TEST_FAULTS": "1", "WAGATE_CRASH_AT": f"@{orders}"}
    async with open_rig(folder, engine, sink, **armed) as rig:
        made = Campaign(rig, sink, orders, seed, say)
        try:
            await made.prepare()
            yield made
        finally:
            made.cancel()
