"""The chaos run's own tools: what judges must be able to see a broken promise."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from tests.chaos.evidence import Evidence, Invariant, Lapse, most_within
from tests.chaos.relay import Relay, to_port
from tests.faults.evidence import Flow

SHOP = "491700000001:1@s.whatsapp.net"
ADA = "491700000002"
FLOW = Flow(name="shop>ada", sender="ses_1", to=ADA, phones=(ADA,))
BACK = Flow(name="ada>shop", sender=ADA, to="491700000001", phones=(), sessions=("ses_1",))


class Sandbox:
    """What the phones and the wire would say."""

    def __init__(self) -> None:
        self.screens: dict[str, list[dict[str, Any]]] = {}
        self.entries: list[dict[str, Any]] = []

    async def inbox(self, number: str, after: str) -> list[dict[str, Any]]:
        return [message for message in self.screens.get(number, []) if message["seq"] > int(after)]

    async def wire(self, after: str) -> list[dict[str, Any]]:
        return self.entries[int(after) :]

    def shows(self, phone: str, text: str, wa_id: str = "A", at: str = "2026-01-01T00:00:00Z") -> None:
        screen = self.screens.setdefault(phone, [])
        content = {"text": text, "waId": wa_id, "from": "491700000001", "caption": None, "media": None}
        screen.append({"seq": len(screen) + 1, "at": at, **content})

    def saw(self, stanza: str, connection: int, direction: str = "in", **more: Any) -> None:
        entry = {"seq": len(self.entries) + 1, "stanza": stanza, "connection": connection, "direction": direction}
        usual = {"session": SHOP, "at": "2026-01-01T00:00:00Z", "detail": "", "id": "", "type": "", "ciphers": []}
        self.entries.append({**entry, **usual, "receiptIds": [], **more})


def evidence_of(sandbox: Sandbox, *events: dict[str, Any]) -> Evidence:
    sink = SimpleNamespace(events=list(events), times=[time.monotonic()] * len(events), ids=[], refused=0)
    tenant = SimpleNamespace(name="t", sessions={"1": "ses_1"}, sink=sink)
    return Evidence(sandbox, [tenant], [FLOW, BACK])  # type: ignore[arg-type]


def told(text: str, wa_id: str, session: str = "ses_1") -> dict[str, Any]:
    return {"type": "message.received", "data": {"sessionId": session, "waId": wa_id, "text": text}}


async def broken(sandbox: Sandbox, *events: dict[str, Any]) -> set[Invariant]:
    evidence = evidence_of(sandbox, *events)
    await evidence.look()
    return {breach.invariant for breach in evidence.breaches}


async def test_a_good_record_breaks_nothing() -> None:
    sandbox = Sandbox()
    sandbox.shows(ADA, "shop>ada 1", "A")
    sandbox.shows(ADA, "shop>ada 3", "B")
    sandbox.saw("login", 1)
    cipher = {"to": ADA, "chain": "aa", "counter": 1}
    sandbox.saw("message", 1, id="A", ciphers=[cipher])
    sandbox.saw("disconnected", 1)
    sandbox.saw("login", 2)
    sandbox.saw("message", 2, id="B", ciphers=[{**cipher, "counter": 2}])
    assert await broken(sandbox, told("ada>shop 1", "C"), told("ada>shop 2", "D")) == set()


async def test_what_was_accepted_and_is_nowhere_is_lost() -> None:
    evidence = evidence_of(Sandbox())
    evidence.promised(FLOW, 1, "A")
    evidence.promised(BACK, 1, "B")
    await evidence.look()
    assert [breach.invariant for breach in evidence.lost()] == [Invariant.I1, Invariant.I3]


async def test_what_arrived_took_as_long_as_the_records_say_however_late_somebody_looks() -> None:
    sandbox = Sandbox()
    evidence = evidence_of(sandbox)
    begun = time.monotonic()
    evidence.promised(FLOW, 1, "A")
    later = datetime.now(UTC) + timedelta(seconds=7)
    sandbox.shows(ADA, "shop>ada 1", "A", at=later.isoformat())
    await evidence.look()
    assert evidence.latencies(begun, time.monotonic()) == [pytest.approx(7, abs=1)]


async def test_a_text_twice_on_a_screen_and_an_event_twice_told_are_seen() -> None:
    sandbox = Sandbox()
    sandbox.shows(ADA, "shop>ada 1", "A")
    sandbox.shows(ADA, "shop>ada 1", "B")
    assert await broken(sandbox) == {Invariant.I2}
    assert await broken(Sandbox(), told("ada>shop 1", "C"), told("ada>shop 1", "C")) == {Invariant.I2}


async def test_a_counter_used_twice_is_seen() -> None:
    sandbox = Sandbox()
    sandbox.saw("login", 1)
    for wa_id in ("A", "B"):
        sandbox.saw("message", 1, id=wa_id, ciphers=[{"to": ADA, "chain": "aa", "counter": 7}])
    assert await broken(sandbox) == {Invariant.I4}


async def test_two_live_sockets_and_a_word_by_the_older_one_are_seen() -> None:
    sandbox = Sandbox()
    sandbox.saw("login", 1)
    sandbox.saw("login", 2)
    assert await broken(sandbox) == {Invariant.I5}
    sandbox.saw("receipt", 1)
    assert await broken(sandbox) == {Invariant.I5, Invariant.I6}


async def test_an_overtaken_message_is_seen_on_screens_and_in_events() -> None:
    sandbox = Sandbox()
    sandbox.shows(ADA, "shop>ada 2", "B")
    sandbox.shows(ADA, "shop>ada 1", "A")
    assert await broken(sandbox) == {Invariant.I7}
    assert await broken(Sandbox(), told("ada>shop 2", "B"), told("ada>shop 1", "A")) == {Invariant.I7}


async def test_what_is_anothers_is_seen() -> None:
    assert await broken(Sandbox(), told("ada>shop 1", "A", session="ses_2")) == {Invariant.I8}


async def went_back(evidence: Evidence, *unanswered: str) -> Lapse:
    """The database was put back to a copy that was made just now."""
    await evidence.look()
    now = time.monotonic()
    lapse = Lapse(copied=now - 10, ended=now, unanswered=frozenset(unanswered))
    evidence.went_back(lapse)
    return lapse


async def test_what_was_accepted_after_a_copy_that_was_put_back_may_be_gone_and_is_counted() -> None:
    evidence = evidence_of(Sandbox())
    evidence.promised(FLOW, 1, "A")
    evidence.promised(BACK, 1, "B")
    await went_back(evidence)
    evidence.finish()
    assert evidence.lost() == []
    assert evidence.oldest_missing() == 0
    assert evidence.seen.gone_with_the_database == 2


async def test_what_was_accepted_before_the_copy_or_after_the_return_may_not_be_gone() -> None:
    evidence = evidence_of(Sandbox())
    evidence.promised(FLOW, 1, "A")
    evidence.promised(BACK, 1, "B")
    for promise in evidence.promises:
        promise.at -= 11
    await went_back(evidence)
    evidence.promised(FLOW, 2, "C")
    evidence.promised(BACK, 2, "D")
    assert [breach.what.split("'")[1] for breach in evidence.lost()] == [
        *("shop>ada 1", "shop>ada 2", "ada>shop 1", "ada>shop 2")
    ]


async def test_a_client_without_an_answer_when_the_database_was_put_back_may_be_served_twice_and_nobody_else() -> None:
    sandbox = Sandbox()
    evidence = evidence_of(sandbox)
    await went_back(evidence, "shop>ada 1")
    for wa_id in ("A", "B"):
        sandbox.shows(ADA, "shop>ada 1", wa_id)
    await evidence.look()
    assert evidence.breaches == []
    assert evidence.seen.again_after_the_database == 1
    sandbox.shows(ADA, "shop>ada 1", "C")
    for wa_id in ("D", "E"):
        sandbox.shows(ADA, "shop>ada 2", wa_id)
    await evidence.look()
    assert [breach.invariant for breach in evidence.breaches] == [Invariant.I2, Invariant.I2]


async def test_a_tenant_may_be_told_once_more_of_what_the_database_that_was_put_back_does_not_know_as_told() -> None:
    evidence = evidence_of(Sandbox(), told("ada>shop 1", "A"))
    (tenant,) = evidence._tenants
    lapse = await went_back(evidence)
    for number, wa_id in ((1, "A"), (2, "B"), (2, "B"), (1, "A")):
        tenant.sink.events.append(told(f"ada>shop {number}", wa_id))
        tenant.sink.times.append(lapse.ended + 1)
        await evidence.look()
    assert [breach.what.split("'")[1] for breach in evidence.breaches if breach.invariant is Invariant.I2] == [
        *("ada>shop 2", "ada>shop 1")
    ]
    assert evidence.seen.again_after_the_database == 1


async def test_what_was_asked_for_again_after_the_database_was_put_back_may_be_overtaken_and_nothing_else() -> None:
    for asked_for, expected in (("A", set()), ("B", {Invariant.I7})):
        sandbox = Sandbox()
        evidence = evidence_of(sandbox)
        await went_back(evidence)
        again = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        sandbox.saw("receipt", 0, "out", type="retry", receiptIds=[asked_for], at=again)
        sandbox.shows(ADA, "shop>ada 2", "B")
        sandbox.shows(ADA, "shop>ada 1", "A")
        await evidence.look()
        assert {breach.invariant for breach in evidence.breaches} == expected


async def test_a_database_that_was_put_back_excuses_no_counter_and_no_old_owner() -> None:
    sandbox = Sandbox()
    evidence = evidence_of(sandbox)
    sandbox.saw("login", 1)
    sandbox.saw("message", 1, id="A", ciphers=[{"to": ADA, "chain": "aa", "counter": 7}])
    await went_back(evidence)
    sandbox.saw("login", 2)
    sandbox.saw("message", 2, id="B", ciphers=[{"to": ADA, "chain": "aa", "counter": 7}])
    sandbox.saw("message", 1, id="C", ciphers=[{"to": ADA, "chain": "aa", "counter": 8}])
    await evidence.look()
    assert [breach.invariant for breach in evidence.breaches] == [Invariant.I5, Invariant.I4, Invariant.I6]


async def test_attempts_over_the_cap_are_seen_unless_the_sandbox_was_too_busy_to_note_them_one_by_one() -> None:
    sandbox = Sandbox()
    evidence = evidence_of(sandbox)
    begun = time.monotonic()
    for number in range(26):
        sandbox.saw("connected", number + 1, at=f"2026-01-01T00:00:00.{number:02}Z")
    await evidence.look()
    assert evidence.too_many_attempts(0, begun) == 26
    assert evidence.too_many_attempts(6, begun) == 0
    evidence._answers.append((time.monotonic() - 0.5, 0.5))
    assert evidence.too_many_attempts(0, begun) == 0


def test_a_burst_is_counted_wherever_it_lies() -> None:
    assert most_within([], 1.0) == 0
    assert most_within([0.0, 0.9, 1.8, 1.85, 1.9, 5.0], 1.0) == 4


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that repeats what it is told; its port."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(1024):
                writer.write(data)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    # One that was accepted a moment ago has to begin, or nobody would close it.
    await asyncio.sleep(0)
    for task in list(serving):
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


async def _asked(port: int, question: bytes, patience: float = 10.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question)
    try:
        return await asyncio.wait_for(reader.read(1024), patience)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest_asyncio.fixture
async def relay() -> AsyncIterator[Relay]:
    async with echo() as port:
        made = Relay(to_port("127.0.0.1", port))
        await made.start()
        yield made
        await made.stop()


async def test_a_relay_passes_everything_on(relay: Relay) -> None:
    assert await _asked(relay.port, b"one") == b"one"


async def test_a_relay_that_holds_is_silent_until_it_is_restored(relay: Relay) -> None:
    relay.hold(up=False)
    with pytest.raises(TimeoutError):
        await _asked(relay.port, b"two", patience=0.3)
    await relay.restore()
    assert await _asked(relay.port, b"three") == b"three"


async def test_a_relay_that_is_stopped_refuses_until_it_is_restored(relay: Relay) -> None:
    await relay.stop()
    with pytest.raises(ConnectionRefusedError):
        await _asked(relay.port, b"four")
    await relay.restore()
    assert await _asked(relay.port, b"five") == b"five"


async def test_a_relay_breaks_one_connection_at_a_marker(relay: Relay) -> None:
    relay.break_at(b"COMMIT", delivered=True)
    assert await _asked(relay.port, b"COMMIT") == b""
    assert relay.broken == 1
    assert await _asked(relay.port, b"COMMIT") == b"COMMIT"
