"""One session: connecting, every way a connection ends, what is done about it and what is not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.world import SHOP
from tests.worker.fakes import Rig, log_in, say_nothing
from wagate.core.ids import SessionId
from wagate.engine.port import EngineUnavailable, Linked, Online, PasskeyWanted, QrIssued, WrongEngine
from wagate.sessions import store
from wagate.sessions.model import (
    FAILURES_UNTIL_ERROR,
    REACTIONS,
    Desired,
    ReactionKind,
    SessionStatus,
    reaction_to,
)
from wagate.worker.supervisor import Supervisor

pytestmark = pytest.mark.usefixtures("supervisor")

_K = ReactionKind
STOPPED = {_K.STOP, _K.WIPE_AND_STOP, _K.CONFLICT, _K.ALERT}


def qr(rig: Rig, text: str, seconds: float = 20) -> QrIssued:
    return QrIssued(code=text, expires_at=rig.world.clock.now() + timedelta(seconds=seconds))


def closing(code: int, **how: object) -> Callable[[FakeLink], Awaitable[None]]:
    async def script(link: FakeLink) -> None:
        await link.end(code, **how)  # type: ignore[arg-type]

    return script


# -- linking and logging in


async def test_a_session_is_linked_restarted_and_online(rig: Rig) -> None:
    rig.engine.script = say_nothing
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 1)
    first = rig.engine.opened[0]
    await first.say(qr(rig, "2@one"))
    assert (await rig.status(session.id, "qr_required")).worker_id == rig.world.worker
    assert (await rig.world.sessions.qr(rig.world.principal, session.id)).shown.code == "2@one"
    assert rig.world.links.get(session.id) is first
    await first.say(qr(rig, "2@two"))

    rig.engine.script = log_in
    before = rig.world.clock.monotonic()
    await first.say(Linked(identity=SHOP))
    await first.end(515)
    await rig.world.until(lambda: len(rig.engine.opened) == 2, step=0.01)
    assert rig.engine.opened_at[-1] - before <= 0.1, "515 reconnects at once"

    online = await rig.status(session.id, "connected")
    assert (online.jid, online.push_name, online.status_reason) == (SHOP.jid, "Corner Shop", None)
    assert await rig.world.codes.qr(session.id) is None
    versions = [event.data["version"] for event in await rig.world.told("session.qr")]
    assert versions == [1, 2]


async def test_a_question_for_a_passkey_is_put_on_show_in_place_of_the_code(rig: Rig) -> None:
    rig.engine.script = say_nothing
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 1)
    link = rig.engine.opened[0]
    await link.say(qr(rig, "2@one"))
    expires_at = rig.world.clock.now() + timedelta(seconds=60)
    await link.say(PasskeyWanted(options={"challenge": "AA"}, expires_at=expires_at))
    shown = await rig.status(session.id, "qr_required")
    await rig.world.settle()
    found = await rig.world.sessions.passkey(rig.world.principal, shown.id)
    assert (found.options, found.expires_at) == ({"challenge": "AA"}, expires_at)
    assert await rig.world.codes.qr(session.id) is None
    (event,) = await rig.world.told("session.passkey")
    assert event.data["version"] == 2


async def test_the_outbox_runs_while_the_session_is_online_under_its_epoch(rig: Rig) -> None:
    session = await rig.online()
    assert rig.outbox.running == [(session.id, 1, rig.engine.of(session.id))]
    assert await rig.world.links.use(session.id) is rig.engine.of(session.id)
    rig.engine.script = say_nothing
    await rig.engine.of(session.id).end(503)
    await rig.status(session.id, "connecting")
    await rig.world.until(lambda: not rig.outbox.running)


async def test_what_an_old_connection_still_says_is_ignored(rig: Rig) -> None:
    session = await rig.online()
    old = rig.engine.of(session.id)
    await old.end(428)
    await rig.world.until(lambda: len(rig.engine.opened) == 2, step=0.05)
    await rig.status(session.id, "connected")
    old.closed = False
    await old.end(401)
    await rig.world.settle()
    assert (await rig.world.now(session.id)).status is SessionStatus.CONNECTED
    assert rig.world.keys.wiped == []


# -- the reaction to every code, in every phase

PHASES = ["logging in", "online", "linking"]


async def brought_to(rig: Rig, phase: str) -> SessionId:
    if phase == "online":
        return (await rig.online()).id
    rig.engine.script = say_nothing
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 1)
    if phase == "linking":
        await rig.engine.opened[0].say(qr(rig, "2@one"))
        await rig.status(session.id, "qr_required")
    return session.id


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("code", [*REACTIONS, 999])
async def test_the_reaction_to_each_code_in_each_phase(rig: Rig, code: int, phase: str) -> None:
    session = await brought_to(rig, phase)
    reaction = reaction_to(code, linking=phase == "linking")
    rig.engine.script = say_nothing
    attempts = len(rig.engine.opened)
    await rig.engine.of(session).end(code)

    if reaction.kind in STOPPED:
        after = await rig.status(session, reaction.status)
        assert (after.status_reason, after.worker_id, after.retry_at) == (reaction.reason, None, None)
        await rig.world.pass_time(3600, steps=10)
        assert len(rig.engine.opened) == attempts, "it does not reconnect"
        assert (await rig.world.now(session)).status is reaction.status
    elif reaction.kind is _K.WAIT_UNTIL:
        after = await rig.status(session, "banned")
        assert after.retry_at == rig.world.clock.now() + timedelta(hours=24)
    else:
        await rig.world.until(lambda: len(rig.engine.opened) == attempts + 1, step=0.05)
        after = await rig.world.now(session)
        assert (after.status, after.status_reason) == (SessionStatus.CONNECTING, reaction.reason)
        assert rig.engine.opened_at[-1] <= 2, "the first delay is at most a second"
    wiped = [session] if code in (401, 403, 406) else []
    assert rig.world.keys.wiped == wiped


async def test_a_ban_is_waited_out_to_its_end_and_not_longer(rig: Rig) -> None:
    session = await rig.online()
    ends = rig.world.clock.now() + timedelta(minutes=20)
    await rig.engine.of(session.id).end(402, retry_at=ends)
    assert (await rig.status(session.id, "banned")).retry_at == ends
    await rig.world.pass_time(1190, steps=595)
    assert len(rig.engine.opened) == 1
    await rig.world.until(lambda: len(rig.engine.opened) == 2, step=1)
    assert rig.world.clock.now() >= ends
    await rig.status(session.id, "connected")


async def test_a_replaced_session_comes_back_when_the_customer_says_so(rig: Rig) -> None:
    session = await rig.online()
    await rig.engine.of(session.id).end(440)
    await rig.status(session.id, "conflict")
    await rig.world.sessions.connect(rig.world.principal, session.id)
    assert (await rig.status(session.id, "connected")).epoch == 2


async def test_codes_that_nobody_scans_end_the_linking(rig: Rig, supervisor: Supervisor) -> None:
    session = await brought_to(rig, "linking")
    await rig.engine.of(session).end(408)
    after = await rig.status(session, "disconnected")
    assert (after.status_reason, after.desired) == ("qr_timeout", "disconnected")
    assert await rig.world.codes.qr(session) is None
    await rig.world.until(lambda: not supervisor.sessions)


async def test_linking_over_a_bad_line_is_given_up_after_some_rounds(rig: Rig) -> None:
    async def show_and_break(link: FakeLink) -> None:
        await link.say(qr(rig, "2@one"))
        await link.end(428)

    rig.engine.script = show_and_break
    session = await rig.world.wanted()
    after = await rig.status(session.id, "disconnected")
    assert after.status_reason == "qr_timeout"
    assert len(rig.engine.opened) == 5


async def test_restarts_in_a_row_are_failures_after_the_first(rig: Rig) -> None:
    rig.engine.script = closing(515)
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 2, step=0.01)
    await rig.world.pass_time(0.05)
    assert len(rig.engine.opened) == 2, "the third waits"
    rig.engine.script = log_in
    await rig.status(session.id, "connected")


async def test_delays_grow_with_failures_in_a_row_and_start_again_after_a_while_online(rig: Rig) -> None:
    rig.engine.script = closing(503)
    await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 40, step=0.5)
    at = rig.engine.opened_at
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert all(gap <= min(45, 2**n) + 0.6 for n, gap in enumerate(gaps))
    assert max(gaps) > 30, "they do grow"
    assert len({round(gap) for gap in gaps[10:]}) > 10, "and differ"

    rig.engine.script = log_in
    await rig.world.until(lambda: len(rig.engine.live) == 1, step=0.5)
    await rig.world.pass_time(61, steps=40)
    last = rig.world.clock.monotonic()
    await rig.engine.live[0].end(503)
    await rig.world.until(lambda: len(rig.engine.live) == 1, step=0.05)
    assert rig.engine.opened_at[-1] - last <= 1.5


async def test_a_connection_that_breaks_at_once_again_and_again_is_not_a_fresh_start(rig: Rig) -> None:
    async def in_and_out(link: FakeLink) -> None:
        await link.say(Online(identity=SHOP))
        await link.end(503)

    rig.engine.script = in_and_out
    await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 12, step=0.5)
    assert rig.engine.opened_at[-1] > 30


async def test_a_limited_reaction_becomes_an_error_that_is_tried_slowly_and_keeps_the_keys(rig: Rig) -> None:
    rig.engine.script = closing(500)
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == FAILURES_UNTIL_ERROR + 1, step=0.5)
    after = await rig.status(session.id, "error")
    assert after.status_reason == "server_error"
    assert after.retry_at is not None
    assert timedelta(minutes=14) < after.retry_at - rig.world.clock.now() <= timedelta(minutes=30)
    await rig.world.pass_time(14 * 60, steps=420)
    assert len(rig.engine.opened) == FAILURES_UNTIL_ERROR + 1
    rig.engine.script = log_in
    await rig.world.pass_time(17 * 60, steps=510)
    assert (await rig.world.now(session.id)).status is SessionStatus.CONNECTED
    assert rig.world.keys.wiped == []


async def test_an_engine_that_is_away_is_waited_for(rig: Rig) -> None:
    rig.engine.refusal = EngineUnavailable()
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened_at) == 3, step=0.05)
    assert (await rig.world.now(session.id)).status_reason == "engine_stopped"
    rig.engine.refusal = None
    await rig.status(session.id, "connected")


async def test_an_engine_that_never_finishes_opening_is_given_up(rig: Rig) -> None:
    async def hang(link: FakeLink) -> None:
        link.closed = True
        await rig.world.clock.sleep(10_000)

    rig.engine.script = hang
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 1)
    rig.engine.script = log_in
    await rig.world.until(lambda: len(rig.engine.opened) == 2, step=1)
    assert 60 <= rig.engine.opened_at[-1] <= 63
    await rig.status(session.id, "connected")


# -- wishes


async def test_a_disconnect_closes_the_connection_and_keeps_the_link(rig: Rig, supervisor: Supervisor) -> None:
    session = await rig.online()
    await rig.world.sessions.disconnect(rig.world.principal, session.id)
    after = await rig.status(session.id, "disconnected")
    assert (after.jid, after.worker_id) == (SHOP.jid, None)
    assert rig.engine.live == []
    assert rig.world.keys.wiped == []
    await rig.world.until(lambda: not supervisor.sessions)


async def test_a_reconnect_opens_a_new_connection_at_once_though_the_session_waits(rig: Rig) -> None:
    rig.engine.script = closing(503)
    session = await rig.world.wanted()
    await rig.world.until(lambda: len(rig.engine.opened) == 9, step=0.5)
    await rig.world.settle()
    rig.engine.script = log_in
    before = rig.world.clock.monotonic()
    await rig.world.sessions.reconnect(rig.world.principal, session.id)
    await rig.world.until(lambda: len(rig.engine.live) == 1, step=0.01)
    assert rig.world.clock.monotonic() - before <= 0.1
    assert not (await rig.status(session.id, "connected")).reconnect_asked


async def test_a_reconnect_of_a_live_session_closes_the_old_connection_first(rig: Rig) -> None:
    session = await rig.online()
    for count in (2, 3):
        await rig.world.sessions.reconnect(rig.world.principal, session.id)
        await rig.world.until(lambda count=count: len(rig.engine.opened) == count, step=0.01)  # type: ignore[misc]
        await rig.status(session.id, "connected")
    await rig.world.pass_time(60, steps=30)
    assert len(rig.engine.opened) == 3, "each was granted once"
    assert len(rig.engine.live) == 1


async def test_a_connection_that_does_not_close_holds_nothing_up_for_long(rig: Rig) -> None:
    session = await rig.online()
    rig.engine.of(session.id).deaf = True
    await rig.world.sessions.disconnect(rig.world.principal, session.id)
    began = rig.world.clock.monotonic()
    await rig.status(session.id, "disconnected")
    assert rig.world.clock.monotonic() - began < 6


async def test_a_logout_ends_the_actor_and_a_new_link_can_begin(rig: Rig, supervisor: Supervisor) -> None:
    session = await rig.online()
    link = rig.engine.of(session.id)
    after = await rig.world.sessions.logout(rig.world.principal, session.id)
    assert (after.status, after.status_reason) == (SessionStatus.LOGGED_OUT, "logged_out")
    assert link.logged_out
    assert set(rig.world.keys.wiped) == {session.id}
    await rig.world.until(lambda: not supervisor.sessions)
    await rig.world.sessions.connect(rig.world.principal, session.id)
    await rig.status(session.id, "connected")
    assert [e.data["status"] for e in await rig.world.told()].count("logged_out") == 1


async def test_a_deleted_session_leaves_no_connection(rig: Rig, supervisor: Supervisor) -> None:
    session = await rig.online()
    rig.engine.of(session.id).failure = EngineUnavailable()
    await rig.world.sessions.delete(rig.world.principal, session.id)
    await rig.world.until(lambda: not supervisor.sessions, step=0.05)
    assert rig.engine.live == []


# -- children


async def test_an_outbox_that_fails_is_run_again_and_does_not_stop_the_session(rig: Rig) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    rig.outbox.script = fail
    session = await rig.world.wanted()
    await rig.world.until(lambda: rig.outbox.runs >= 1, step=0.05)
    await rig.world.settle()
    assert (await rig.world.links.condition(session.id, rig.world.clock.now())).send_stalled
    rig.outbox.script = None
    await rig.world.until(lambda: bool(rig.outbox.running), step=0.05)
    assert not (await rig.world.links.condition(session.id, rig.world.clock.now())).send_stalled
    assert len(rig.engine.opened) == 1


async def test_a_session_whose_delay_was_written_by_a_clock_gone_wrong_is_not_put_off(rig: Rig) -> None:
    await rig.world.pass_time(1)
    now = rig.world.clock.now()
    waiting = replace(
        await rig.world.new(),
        id=SessionId.new(now),
        status=SessionStatus.CONNECTING,
        desired=Desired.CONNECTED,
        retry_at=now + timedelta(hours=9),
    )
    await rig.world.db.write(lambda tx: store.insert(tx, waiting, None))
    await rig.world.until(lambda: len(rig.engine.live) == 1, step=1)
    assert rig.world.clock.now() - now <= timedelta(seconds=70)


# -- engines


async def test_the_session_says_which_engine_opens_it_and_a_change_opens_it_anew(rig: Rig) -> None:
    session = await rig.online()
    assert [link.request.engine for link in rig.engine.opened if link.request] == ["baileys"]

    await rig.world.sessions.change_engine(rig.world.principal, session.id, "native")

    found = await rig.status(session.id, "connected")
    assert [link.request.engine for link in rig.engine.opened if link.request] == ["baileys", "native"]
    assert [link.request.epoch for link in rig.engine.opened if link.request] == [1, found.epoch]
    assert found.epoch == 3


async def test_a_session_with_another_engines_keys_stops_and_says_so_until_one_is_chosen(rig: Rig) -> None:
    rig.engine.refusal = WrongEngine()
    session = await rig.world.wanted()

    stopped = await rig.status(session.id, "error")

    assert (stopped.status_reason, stopped.worker_id, stopped.retry_at) == ("wrong_engine", None, None)
    await rig.world.clock.advance(3600)
    await rig.world.settle()
    assert len(rig.engine.opened_at) == 1, "it was tried again"
    rig.engine.refusal = None
    await rig.world.sessions.change_engine(rig.world.principal, session.id, "native")
    assert (await rig.status(session.id, "connected")).engine == "native"
