"""What the wire log shows of a stanza, how its files stay small, and what a comparison finds."""

import random
from pathlib import Path

import pytest

from tests.fuzz.mutate import Mutator
from tests.fuzz.samples import STANZAS
from wagate.cli.wirelog import compare as print_comparison
from wagate.core.clock import ManualClock
from wagate.core.errors import StartupError
from wagate.core.ids import SessionId
from wagate.engine.masking import MAX_CHILDREN, Masker
from wagate.engine.stanza import to_node, to_stanza
from wagate.engine.wirecompare import NotAWireLog, compare, shapes
from wagate.engine.wirelog import RECEIVED, SENT, WireLog
from wagate.wire.jid import SERVER, Jid
from wagate.wire.node import Node

ADA, ADA_LID = Jid("491700000002"), Jid("200000000000002", "lid")


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        (Node("presence", {"name": "available", "type": "available"}), '<presence name="<text>" type="available"/>'),
        (Node("message", {"notify": "ada", "from": ADA}), '<message from="<pn 1>" notify="<text>"/>'),
        (Node("message", {"to": ADA_LID.with_device(3)}), '<message to="<lid 1:3>"/>'),
        (Node("message", {"notify": "me@home.example"}), '<message notify="<other 1>"/>'),
        (Node("iq", {"to": SERVER, "id": "3EB0-1"}), '<iq id="<id 1>" to="@s.whatsapp.net"/>'),
        (Node("message", {"from": Jid("status", "broadcast")}), '<message from="status@broadcast"/>'),
        (Node("ref", {}, b"2@secret"), "<ref>[8 bytes]</ref>"),
        (Node("ref", {}, "secret"), "<ref>[6 bytes]</ref>"),
        (Node("lid", {}, ADA_LID), "<lid><lid 1></lid>"),
        (Node("collection", {"name": "critical_block"}), '<collection name="critical_block"/>'),
        (Node("group", {"name": "critical", "subject": "us"}), '<group name="<text>" subject="<text>"/>'),
        (Node("error", {"code": "404", "text": "item-not-found"}), '<error code="404" text="item-not-found"/>'),
        (Node("error", {"code": "404", "text": "Ada is not here"}), '<error code="404" text="<text>"/>'),
        (
            Node("x", {"code": "4915112345678", "type": "QUJDREVGRw=="}),
            '<x code="<number>" type="<text>"/>',
        ),
        (Node("success", {"t": "1700000000", "x": "1700000000"}), '<success t="<time>" x="<number>"/>'),
        (Node("QUJDREVGRw", {"QUJDREVGRw": "1"}), '<? ?="<number>"/>'),
        (Node("a1b2c3d4e5f6", {"a1b2c3d4e5f6": "1"}), '<? ?="<number>"/>'),
        (Node("x", {"type": 'a" b="c'}), '<x type="<text>"/>'),
        (Node("x", {"type": "a\tb\n"}), '<x type="<text>"/>'),
    ],
)
def test_what_is_shown(node: Node, shown: str) -> None:
    assert Masker().mask(node) == shown


def test_the_same_has_the_same_pseudonym_whichever_engine_tells_it() -> None:
    masker = Masker()
    first = masker.mask(Node("message", {"from": ADA.with_device(2), "id": "A"}))
    assert first == '<message from="<pn 1:2>" id="<id 1>"/>'
    node = Node("receipt", {"from": "491700000002@s.whatsapp.net", "id": "A", "to": ADA_LID})
    assert masker.mask(node) == '<receipt from="<pn 1>" id="<id 1>" to="<lid 1>"/>'
    assert masker.mask(to_node(to_stanza(node))) == masker.mask(node)


def test_of_a_long_list_the_beginning_is_shown() -> None:
    text = Masker().mask(Node("list", {}, [Node("key")] * (MAX_CHILDREN + 5)))
    assert text.count("<key/>") == MAX_CHILDREN
    assert "[5 more]" in text


def test_no_stanza_however_damaged_breaks_a_line_or_the_comparison() -> None:
    masker = Masker()
    for number in range(3_000):
        m = Mutator(random.Random(f"wire/{number}"))
        text = masker.mask(m.node(m.rng.choice(STANZAS), STANZAS))
        assert text.isprintable(), f"{number}: {text[:500]}"
        shapes([f"2026-01-01T00:00:00.000Z\t>\t{text}\n"])


@pytest.fixture
def session(clock: ManualClock) -> SessionId:
    return SessionId.new(clock.now())


def test_a_file_that_is_full_is_begun_anew_and_one_old_one_is_kept(
    tmp_path: Path, clock: ManualClock, session: SessionId
) -> None:
    log = WireLog(tmp_path / "wire", clock, max_bytes=2_000)
    for n in range(200):
        log.tap(session)(SENT if n % 2 else RECEIVED, Node("iq", {"id": str(n)}))
    files = sorted(path.name for path in (tmp_path / "wire").iterdir())
    assert files == [f"{session}.log", f"{session}.old.log"]
    assert all(path.stat().st_size <= 2_000 for path in (tmp_path / "wire").iterdir())
    lines = (tmp_path / "wire" / f"{session}.log").read_text().splitlines()
    assert lines[0].split("\t")[2] == '<iq id="<id 1>"/>'


def test_times_stand_in_a_column_of_their_own(tmp_path: Path, clock: ManualClock, session: SessionId) -> None:
    WireLog(tmp_path / "wire", clock).tap(session)(SENT, Node("iq"))
    assert (tmp_path / "wire" / f"{session}.log").read_text() == "2026-01-01T00:00:00.000Z\t>\t<iq/>\n"


def test_a_log_that_cannot_be_written_disturbs_nobody(tmp_path: Path, clock: ManualClock, session: SessionId) -> None:
    tap = WireLog(tmp_path / "wire", clock).tap(session)
    (tmp_path / "wire" / f"{session}.log").mkdir()
    tap(SENT, Node("iq"))
    tap(SENT, Node("iq"))


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(StartupError, match="others can enter"):
        WireLog(tmp_path / "open", clock)


def _log(*nodes: tuple[str, Node]) -> list[str]:
    masker = Masker()
    return [f"2026-01-01T00:00:00.000Z\t{direction}\t{masker.mask(node)}\n" for direction, node in nodes]


def test_runs_that_say_the_same_do_not_differ() -> None:
    def enc(n: int) -> Node:
        return Node("to", {"jid": Jid(str(n))}, [Node("enc", {"v": "2", "type": "msg"}, bytes(n))])

    a = _log((SENT, Node("message", {"id": "A", "to": ADA}, [enc(1)])))
    b = _log((SENT, Node("presence", {})), (SENT, Node("message", {"id": "B", "to": Jid("9")}, [enc(5), enc(6)])))
    assert [d.kind for d in compare(shapes(a), shapes(b))] == ["> presence"]


def test_an_attribute_a_value_or_a_child_more_is_a_difference() -> None:
    base = shapes(_log((SENT, Node("enc", {"type": "msg", "v": "2"}, b"x"))))
    for other in (
        Node("enc", {"type": "msg", "v": "3"}, b"x"),
        Node("enc", {"type": "msg", "v": "2", "count": "1"}, b"x"),
        Node("enc", {"type": "msg", "v": "2"}, b""),
        Node("enc", {"type": "msg", "v": "2"}),
    ):
        (difference,) = compare(base, shapes(_log((SENT, other))))
        assert difference.kind == "> enc type=msg"
        assert len(difference.only_a) == len(difference.only_b) == 1
    assert len(compare(base, shapes(_log((RECEIVED, Node("enc", {"type": "msg", "v": "2"}, b"x")))))) == 2


@pytest.mark.parametrize("line", ["", "x", "a\tb\tc", "t\t>\t<iq", "t\t>\t</iq>", "t\t>\t<iq/><iq/>", "t\t>\ttext"])
def test_what_is_no_wire_log_is_not_compared(line: str) -> None:
    with pytest.raises(NotAWireLog, match="line 1"):
        shapes([line])


async def test_the_command_shows_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a.log", tmp_path / "b.log"
    a.write_text("".join(_log((SENT, Node("iq", {"type": "get"})))))
    b.write_text("".join(_log((SENT, Node("iq", {"type": "get", "xmlns": "w:p"})))))
    await print_comparison(a, b)
    out = capsys.readouterr().out
    assert '  - > <iq type="get"/>' in out
    assert '  + > <iq type="get" xmlns="w:p"/>' in out
    await print_comparison(a, a)
    assert "no stanza" in capsys.readouterr().out
    with pytest.raises(StartupError, match="can't be read"):
        await print_comparison(a, tmp_path / "missing")
