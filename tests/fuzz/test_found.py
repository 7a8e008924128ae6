"""What the fuzzer found, each by itself."""

import asyncio
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest

from tests.contracts.engine.lab import Lab, until
from tests.fuzz.hostile import Hostile
from wagate.engine.baileys.channel import Channel
from wagate.engine.native import appstate, endings, link
from wagate.engine.native.link import NativeSession
from wagate.engine.native.receiving import Receiver
from wagate.engine.native.steps import KeyBook, steps_of
from wagate.engine.port import BlobBroken, Closed, Online, RelayRefused
from wagate.wire import codec
from wagate.wire.appstate import AppStateBroken, Collection
from wagate.wire.codec import BadNode, decode, encode
from wagate.wire.jid import PN, SERVER, Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHOP, VICTIM = "491700000001", "491700000003"


class Calm(Hostile):
    """Sends what it is told, and one wrong thing as its first answer to a query of that child."""

    def __init__(self, *stanzas: Node, wrong: dict[str, Node] | None = None) -> None:
        super().__init__("calm")
        self.lies = 0.0
        self._stanzas = list(stanzas)
        self._wrong = wrong or {}

    async def next_stanza(self) -> Node:
        if not self._stanzas:
            await asyncio.Event().wait()
        return self._stanzas.pop(0)

    def answer(self, query: Node) -> Node:
        for child in query.children:
            if child.tag in self._wrong:
                return Node("iq", {"type": "result", "id": query.attrs["id"]}, [self._wrong[child.tag]])
        return super().answer(query)


def test_a_few_kilobytes_that_inflate_to_millions_of_nodes_are_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real limit is twenty times this one, which only takes this test longer."""
    monkeypatch.setattr(codec, "MAX_ITEMS", limit := 50_000)
    row = b"\xf8\x02\x05\xf9\xff\xff" + b"\xf8\x01\x05" * 65_535
    bomb = b"\2" + zlib.compress(b"\xf8\x02\x05\xf9\x00\xa0" + row * 160)
    assert len(bomb) < 40_000
    tracemalloc.start()
    try:
        with pytest.raises(BadNode, match="more nodes"):
            decode(bomb)
        # What it inflates to, which is limited by itself, and the nodes.
        assert tracemalloc.get_traced_memory()[1] < 2 * codec.MAX_INFLATED + 250 * limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "jid",
    [
        pytest.param(b"\xf6\xff\x02\x12\x34\x00\x05\x03", id="of Messenger, on the server of numbers"),
        pytest.param(b"\xf5\xff\x02\x12\x34\x00\x05\x00\x07\x03", id="of another messenger, on the server of numbers"),
    ],
)
def test_an_address_that_nobody_could_write_is_not_read(jid: bytes) -> None:
    body = b"\x00\xf8\x03\x13\x06" + jid
    assert decode(b"\x00\xf8\x03\x13\x06\xfa\xff\x02\x12\x34\x03") == Node("message", {"from": Jid("1234")})
    with pytest.raises(BadNode, match="server"):
        decode(body)


@pytest.mark.parametrize("text", ["9" * 5_000, "²", "٣", "-1", "1.5", ""])
def test_what_is_no_number_ends_a_connection_as_any_other(text: str) -> None:
    assert endings.stream_error(Node("stream:error", {"code": text})).code == endings.BAD_SESSION
    assert endings.failure(Node("failure", {"reason": text, "expire": text}), NOW).retry_at is None


def test_a_ban_of_a_thousand_years_is_none_to_compute_with() -> None:
    assert endings.failure(Node("failure", {"reason": "402", "expire": "9" * 18}, None), NOW).retry_at is None


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(
            bytes.fromhex("85a174a44c6f6164a46c696e6b01a463616c6c01a46b696e64a1a7a46b65797390"), id="half a letter"
        ),
        pytest.param(
            b"\x84\xa1t\xa8Answered\xa4link\x01\xa4call\x01\xa4node" + b"\x93\xa1a\x80\x91" * 5_000,
            id="nested for ever",
        ),
    ],
)
async def test_a_bridge_that_talks_nonsense_is_cut_off(frame: bytes) -> None:
    aborted: list[bool] = []

    class Transport:
        def abort(self) -> None:
            aborted.append(True)

    channel = Channel(lambda _: None, lambda: None)
    channel.connection_made(Transport())  # type: ignore[arg-type]  # all that a refusal touches
    with pytest.raises((ValueError, RecursionError)):
        channel.data_received(len(frame).to_bytes(4, "big") + frame)
    assert aborted


async def test_a_link_that_can_neither_come_online_nor_go_on_ends(lab: Lab) -> None:
    victim = await lab.linked(VICTIM)
    await victim.link.close()
    async with Calm(wrong={"count": Node("count", {"value": "²"})}).listening() as server:
        lab.endpoint = server.endpoint
        assert await victim.online()


async def test_a_lid_that_is_none_is_not_kept(lab: Lab) -> None:
    """It was kept, and the device could not be read any more."""
    victim = await lab.linked(VICTIM)
    await victim.link.close()
    good = lab.endpoint
    async with Calm(Node("success", {"lid": Jid("1", "x y"), "t": "1"})).listening() as server:
        lab.endpoint = server.endpoint
        await victim.online()
        await victim.link.close()
    lab.endpoint = good
    assert (await victim.online()).identity.lid is not None


async def test_codes_offered_to_a_linked_device_do_not_end_its_link(lab: Lab) -> None:
    """Without references, nobody had scanned any of them, and that ended the link."""
    victim = await lab.linked(VICTIM)
    await victim.link.close()
    offer = Node("iq", {"from": SERVER, "type": "set", "id": "1"}, [Node("pair-device", {}, [])])
    async with Calm(offer).listening() as server:
        lab.endpoint = server.endpoint
        await victim.online()
        await victim.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}), 5)
        assert not [e for e in victim.events if isinstance(e, Closed) and e.code == endings.TIMED_OUT]
        assert isinstance(victim.events[-1], Online)


async def test_what_nobody_can_write_is_left_out_and_the_line_goes_on(lab: Lab) -> None:
    """An acknowledgement repeats what it acknowledges; the task that writes died of it, unheard."""
    shop = await lab.linked(SHOP)
    await shop.link.send(Node("ack", {"to": Jid("1:2", PN, 999), "id": "1"}))
    await shop.link.query(Node("iq", {"to": SERVER, "type": "get", "xmlns": "w:p"}), 5)


@pytest.mark.parametrize("at", ["9" * 18, "9" * 5_000, "²"])
async def test_an_acknowledgement_of_no_time_is_one(lab: Lab, at: str) -> None:
    victim = await lab.linked(VICTIM)
    await victim.link.close()
    server = Calm()
    server.ack = {"t": at}
    async with server.listening():
        lab.endpoint = server.endpoint
        await victim.online()
        message = wa.Message(conversation="hi").SerializeToString()
        assert (await victim.link.relay(Jid("491700000002"), message, "3EB0")).year >= 2025
        server.ack = {"error": at}
        with pytest.raises(RelayRefused):
            await victim.link.relay(Jid("491700000002"), message, "3EB1")


async def test_a_flood_behind_an_answer_that_never_comes_ends_the_link(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a link waits for an answer it reads on, and what it read filled the memory."""
    monkeypatch.setattr(link, "FAR_TOO_MUCH", 100)
    victim = await lab.linked(VICTIM)
    await victim.link.close()

    class Silent(Calm):
        def answer(self, query: Node) -> Node:
            answer = super().answer(query)
            return answer if query.child("usync") is None else Node("iq", {"type": "result", "id": "another"})

    def message(n: int) -> Node:
        enc = Node("enc", {"v": "2", "type": "msg"}, b"x")
        return Node("message", {"from": Jid(f"49170000{n:04}"), "id": str(n)}, [enc])

    async with Silent(*(message(n) for n in range(500))).listening() as server:
        lab.endpoint = server.endpoint
        await victim.open()
        closed = await victim.next(Closed)
    assert (closed.code, closed.reason) == (endings.LOST, "more came than can be handled")


async def test_a_few_large_stanzas_are_as_much_as_many_small_ones(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand of sixteen megabytes each would not have been too much."""
    monkeypatch.setattr(link, "TOO_HEAVY", 50_000)
    monkeypatch.setattr(appstate, "_PAUSES", ())
    victim = await lab.linked(VICTIM)
    await victim.link.close()
    taking, largest, taken = asyncio.Event(), 0, 0
    take = Receiver.take

    async def slowly(self: Receiver, node: Node) -> None:
        nonlocal largest, taken
        await taking.wait()
        largest = max(largest, sum(size for _, size in native._waiting))
        taken += 1
        await take(self, node)

    monkeypatch.setattr(Receiver, "take", slowly)
    calls = [Node("call", {"from": Jid("1"), "id": str(n)}, [Node("offer", {}, bytes(9_000))]) for n in range(200)]
    begin = asyncio.Event()

    class Patient(Calm):
        async def next_stanza(self) -> Node:
            # Not before login and what follows it are through: while a question is open, the link has to read on.
            await begin.wait()
            return await super().next_stanza()

    async with Patient(*calls).listening() as server:
        lab.endpoint = server.endpoint
        await victim.online()
        native = victim.link
        assert isinstance(native, NativeSession)
        state = native._app_state
        await until(lambda: state._begun and not state._running)
        begin.set()
        await until(lambda: not native._room.is_set())
        taking.set()
        await until(lambda: taken == 200)
        await victim.link.close()
    assert 40_000 < largest < 70_000


def test_a_device_number_of_no_device_is_not_written_to() -> None:
    from wagate.engine.native.directory import _numbers

    listed = Node("device-list", {}, [Node("device", {"id": n, "key-index": "1"}) for n in ("0", "7", "256", "²", "x")])
    numbers = list(_numbers(listed))
    assert numbers == [0, 7]
    for number in numbers:
        encode(Node("to", {"jid": Jid("1", PN, number)}))


async def test_a_place_on_the_media_hosts_that_is_no_text_is_no_place() -> None:
    """Protobuf gives bytes where a text is not UTF-8."""
    place = wa.ExternalBlobReference(mediaKey=bytes(32)).SerializeToString() + b"\x12\x02/\xff"
    snapshot = Node("collection", {}, [Node("snapshot", {}, place)])
    patch = wa.SyncdPatch(externalMutations=wa.ExternalBlobReference.FromString(place)).SerializeToString()
    patches = Node("collection", {}, [Node("patches", {}, [Node("patch", {}, patch)])])
    for answer in (snapshot, patches):
        with pytest.raises((AppStateBroken, BlobBroken)):
            async for step in steps_of(answer, None):
                await step.read(Collection(name="regular"), KeyBook({}))
