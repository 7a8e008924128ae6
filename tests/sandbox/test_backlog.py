"""What a device has not acknowledged is kept once, in order, and within bounds."""

from tests.sandbox.client import Rig
from wagate.core.clock import ManualClock
from wagate.sandbox.backlog import Backlog
from wagate.sandbox.record import Direction, WireRecord
from wagate.wire.node import Node


def stanza(tag: str, stanza_id: str, **attrs: str) -> Node:
    return Node(tag, {"id": stanza_id, **attrs})


def ids(backlog: Backlog) -> list[str]:
    return [node.get("id") for node in backlog]


def test_only_what_is_acknowledged_is_kept() -> None:
    backlog = Backlog()
    for tag in ("message", "iq", "receipt", "presence", "notification", "ack"):
        backlog.keep(stanza(tag, tag))
    assert ids(backlog) == ["message", "receipt", "notification"]


def test_a_stanza_sent_again_keeps_its_place_and_takes_the_new_content() -> None:
    backlog = Backlog()
    for node in (stanza("message", "1", t="old"), stanza("message", "2"), stanza("message", "1", t="new")):
        backlog.keep(node)
    assert [(n.get("id"), n.get("t")) for n in backlog] == [("1", "new"), ("2", "")]


def test_receipts_of_one_id_are_told_apart_by_type_and_reader() -> None:
    backlog = Backlog()
    backlog.keep(stanza("receipt", "1", participant="a"))
    backlog.keep(stanza("receipt", "1", participant="a", type="read"))
    backlog.keep(stanza("receipt", "1", participant="b", type="read"))
    backlog.release("receipt", "1", "read", "a")
    assert [(n.get("participant"), n.get("type")) for n in backlog] == [("a", ""), ("b", "read")]
    backlog.release("receipt", "1")
    assert len(backlog) == 0


def test_what_was_never_kept_is_released_without_harm() -> None:
    backlog = Backlog()
    backlog.release("message", "unknown")
    assert len(backlog) == 0


def test_the_oldest_give_way() -> None:
    backlog = Backlog(limit=2)
    for number in range(4):
        backlog.keep(stanza("message", str(number)))
    assert ids(backlog) == ["2", "3"]
    backlog.release("message", "0")
    backlog.release("message", "3")
    assert ids(backlog) == ["2"]


def test_the_record_is_a_ring_whose_numbers_go_on(clock: ManualClock) -> None:
    record = WireRecord(clock, limit=3)
    for number in range(5):
        record.stanza("s", Direction.IN, stanza("message", str(number)))
    assert [(e.seq, e.id) for e in record.since()] == [(3, "2"), (4, "3"), (5, "4")]
    assert [e.seq for e in record.since(3, limit=1)] == [4]
    assert record.since(5) == []


async def test_a_sandbox_is_stopped_though_clients_do_not_close(rig: Rig) -> None:
    _, client = await rig.linked()
    rig.world.connections.copy().pop().end(Node("stream:error", {"code": "515"}))
    await rig.sandbox.stop()
    await client.until_closed()
    assert not rig.world.connections


def test_each_time_a_message_is_asked_for_again_wants_an_acknowledgement_of_its_own() -> None:
    backlog = Backlog()
    for count in ("1", "2"):
        backlog.keep(Node("receipt", {"id": "1", "from": "a", "type": "retry"}, [Node("retry", {"count": count})]))
    backlog.release_oldest("receipt", "1", "retry", "")
    assert [child.get("count") for node in backlog for child in node.all("retry")] == ["2"]
