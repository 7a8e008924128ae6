"""The small parts: links, QR pictures, phone numbers, waits."""

import asyncio
import struct
import xml.etree.ElementTree as ElementTree

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from tests.sessions.fakes import FakeLink
from wagate.core.clock import ManualClock
from wagate.core.ids import SessionId
from wagate.sessions import qr
from wagate.sessions.errors import InvalidPhone, SessionNotConnected
from wagate.sessions.links import LinkRegistry, Stage
from wagate.sessions.phone import international
from wagate.sessions.waiting import within

SESSION = SessionId.new(ManualClock().now())
CODE = "https://wa.me/settings/linked_devices#2@" + ",".join("AbCd0123" * 5 for _ in range(4)) + ",1"

# -- pictures


def modules_of(code: str) -> list[list[int]]:
    return [list(row) for row in segno.make(code, error="l", micro=False, boost_error=False).matrix_iter(border=4)]


@given(st.text(min_size=1, max_size=300))
def test_the_text_form_shows_every_module_and_the_quiet_zone(code: str) -> None:
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    drawn: list[list[int]] = []
    for line in qr.terminal(code).splitlines():
        upper, lower = zip(*(dark[character] for character in line), strict=True)
        drawn += [list(upper), list(lower)]
    modules = modules_of(code)
    assert drawn[: len(modules)] == modules
    assert all(row == [0] * len(modules[0]) for row in drawn[len(modules) :])


def test_the_png_is_a_picture_of_the_same_size() -> None:
    picture = qr.png(CODE)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (len(modules_of(CODE)) * 8,) * 2


def test_the_svg_has_a_light_ground_and_no_scripts() -> None:
    root = ElementTree.fromstring(qr.svg(CODE))  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {part.tag.rpartition("}")[2] for part in root.iter()} <= {"svg", "g", "path"}
    assert 'fill="#fff"' in qr.svg(CODE)


# -- phone numbers


@pytest.mark.parametrize(
    "text",
    [
        "+49 170 1234567",
        "0049 170 1234567",
        "49 (170) 123-4567",
        " +491701234567 ",
        "491701234567",
        "\u202a+49 170 1234567\u202c",
    ],
)
def test_any_international_spelling_is_understood(text: str) -> None:
    assert international(text) == "+491701234567"


@pytest.mark.parametrize(
    "text", ["", "+", "12", "call me", "0170 1234567", "+999 1", "+49" + "1" * 60, "\0", "+49 170 ADA 4567"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhone):
        international(text)


@given(st.text(max_size=60))
def test_any_text_is_a_number_in_one_form_or_refused(text: str) -> None:
    try:
        number = international(text)
    except InvalidPhone:
        return
    assert number.startswith("+")
    assert 5 <= len(number) <= 20
    assert international(number) == number


# -- links


async def test_only_a_session_that_is_online_can_be_used(clock: ManualClock) -> None:
    links, link = LinkRegistry(), FakeLink()
    with pytest.raises(SessionNotConnected):
        await links.use(SESSION)
    links.put(SESSION, link, Stage.LINKING, clock.now())
    assert links.get(SESSION) is link
    with pytest.raises(SessionNotConnected):
        await links.use(SESSION)
    links.put(SESSION, link, Stage.ONLINE, clock.now())
    assert await links.use(SESSION) is link
    links.remove(SESSION, link)
    assert links.get(SESSION) is None


async def test_an_old_connection_does_not_take_the_new_one_away(clock: ManualClock) -> None:
    links, old, new = LinkRegistry(), FakeLink(), FakeLink()
    links.put(SESSION, old, Stage.ONLINE, clock.now())
    links.put(SESSION, new, Stage.ONLINE, clock.now())
    links.remove(SESSION, old)
    links.report_stall(SESSION, old, True)
    assert links.get(SESSION) is new
    assert not (await links.condition(SESSION, clock.now())).send_stalled
    links.report_stall(SESSION, new, True)
    assert (await links.condition(SESSION, clock.now())).send_stalled


async def test_the_age_of_a_linking_connection_counts_from_its_first_code(clock: ManualClock) -> None:
    links, link = LinkRegistry(), FakeLink()
    began = clock.now()
    links.put(SESSION, link, Stage.LINKING, began)
    await clock.advance(60)
    links.put(SESSION, link, Stage.LINKING, clock.now())
    assert (await links.ready(SESSION)).since == began


async def test_waiting_for_a_connection_leaves_nothing_behind(clock: ManualClock) -> None:
    links = LinkRegistry()
    gave_up, stays = (asyncio.create_task(links.ready(SESSION)) for _ in range(2))
    await asyncio.sleep(0)
    gave_up.cancel()
    await asyncio.sleep(0)
    link = FakeLink()
    links.put(SESSION, link, Stage.LINKING, clock.now())
    assert (await asyncio.wait_for(stays, 5)).session is link
    assert not links._waiting


# -- waits


async def test_a_wait_returns_what_came_in_time_and_ends_what_did_not(clock: ManualClock) -> None:
    ended = asyncio.Event()

    async def slow() -> None:
        try:
            await clock.sleep(100)
        finally:
            ended.set()

    async def quick() -> int:
        await clock.sleep(1)
        return 7

    first = asyncio.create_task(within(clock, 2, quick()))
    second = asyncio.create_task(within(clock, 2, slow()))
    await clock.advance(3)
    assert await first == 7
    with pytest.raises(TimeoutError):
        await second
    assert ended.is_set()
