"""What customers ask for, what it leaves in the row, and what others can see of it (nothing)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sessions.fakes import FakeLink
from tests.sessions.world import SHOP, LabelMover, World, principal_of
from wagate.core.ids import SessionId
from wagate.engine.lease import StaleEpoch
from wagate.engine.port import RelayImpossible, Vitals
from wagate.sessions.errors import (
    InvalidPhone,
    InvalidProxy,
    SessionNotFound,
    SessionsOutOfReach,
)
from wagate.sessions.links import Stage
from wagate.sessions.model import Desired, SessionStatus, Trigger
from wagate.sessions.service import Change, Sessions
from wagate.sessions.transition import WANTED
from wagate.web.principal import Principal

PROXY = "socks5://ada:hunter2hunter2@proxy.example:1080"


# -- the card


async def test_a_new_session_is_disconnected_and_read_back_as_made(both: World) -> None:
    made = await both.sessions.create(
        both.principal, name="shop", phone="+49 170 1234567", purpose="support", metadata={"team": [1, {"a": None}]}
    )
    assert made.status is SessionStatus.DISCONNECTED
    assert made.phone == "+491701234567"
    assert made.created_by == both.principal.user_id
    assert await both.now(made.id) == made


async def test_a_phone_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(InvalidPhone):
        await world.sessions.create(world.principal, name="shop", phone="12")


async def test_changes_touch_what_is_given_and_empty_what_is_none(world: World) -> None:
    made = await world.sessions.create(world.principal, name="shop", phone="+491701234567", purpose="support")
    changed = await world.sessions.update(world.principal, made.id, Change(name="store", phone=None))
    assert (changed.name, changed.phone, changed.purpose) == ("store", None, "support")
    assert await world.now(made.id) == changed
    assert [e.data["name"] for e in await world.told()] == ["store"]


async def test_pages_go_from_new_to_old_and_meet_each_session_once(both: World) -> None:
    made = []
    for n in range(5):
        made.append((await both.new(f"s{n}")).id)
        await both.clock.advance(1)
    await both.sessions.create(principal_of(both.clock, both.entropy), name="another account's")

    first = await both.sessions.page(both.principal, before=None, limit=3)
    second = await both.sessions.page(both.principal, before=first[-1].id, limit=3)

    assert [s.id for s in (*first, *second)] == made[::-1]


async def test_another_account_and_a_key_bound_elsewhere_see_nothing(world: World) -> None:
    session, other = await world.new(), await world.new("other")
    stranger = principal_of(world.clock, world.entropy)
    bound = bound_to(world.principal, other.id)
    calls = [
        lambda p: world.sessions.get(p, session.id),
        lambda p: world.sessions.update(p, session.id, Change(name="mine")),
        lambda p: world.sessions.delete(p, session.id),
        lambda p: world.sessions.connect(p, session.id),
        lambda p: world.sessions.disconnect(p, session.id),
        lambda p: world.sessions.reconnect(p, session.id),
        lambda p: world.sessions.logout(p, session.id),
        lambda p: world.sessions.qr(p, session.id),
        lambda p: world.sessions.pairing_code(p, session.id, "+491701234567"),
        lambda p: world.sessions.report(p, session.id),
        lambda p: world.sessions.change_engine(p, session.id, "native"),
    ]
    for principal in (stranger, bound):
        for call in calls:
            with pytest.raises(SessionNotFound):
                await call(principal)

    assert await world.sessions.page(stranger, before=None, limit=10) == []
    assert [s.id for s in await world.sessions.page(bound, before=None, limit=10)] == [other.id]
    with pytest.raises(SessionsOutOfReach):
        await world.sessions.create(bound, name="escape")
    assert await world.now(session.id) == session


def bound_to(principal: Principal, *sessions: SessionId) -> Principal:
    return Principal(account_id=principal.account_id, scopes=principal.scopes, sessions=frozenset(sessions))


# -- proxies


async def test_a_proxy_reaches_the_worker_and_stands_nowhere_in_the_clear(world: World) -> None:
    session = await world.sessions.create(world.principal, name="shop", proxy=PROXY)
    await world.sessions.connect(world.principal, session.id)
    ((lease, _),) = await world.sessions.hosting.claim(world.worker, limit=1)
    assert await world.sessions.hosting.proxy(lease) == PROXY
    assert "proxy.example" not in repr(await world.now(session.id))
    file = world.db.url.removeprefix("sqlite:///")

    def stored() -> bytes:
        return b"".join(Path(file + suffix).read_bytes() for suffix in ("", "-wal"))

    raw = await asyncio.to_thread(stored)
    assert str(session.id).encode() in raw
    assert b"hunter2" not in raw

    await world.sessions.update(world.principal, session.id, Change(proxy=None))
    assert await world.sessions.hosting.proxy(lease) == ""


@pytest.mark.parametrize(
    "url", ["proxy.example:1080", "ftp://proxy.example:21", "http://proxy.example", "http://a@b@c:1"]
)
async def test_what_is_no_proxy_is_refused(world: World, url: str) -> None:
    with pytest.raises(InvalidProxy):
        await world.sessions.create(world.principal, name="shop", proxy=url)


async def test_where_a_proxy_leads_is_checked(world: World) -> None:
    asked: list[str] = []

    async def check(url: str) -> None:
        asked.append(url)
        raise InvalidProxy

    await with_proxies(world, check)
    with pytest.raises(InvalidProxy):
        await world.sessions.create(world.principal, name="shop", proxy=PROXY)
    assert asked == ["http://proxy.example:1080/"]


async def with_proxies(world: World, check: object) -> None:
    world.sessions = Sessions(
        db=world.db,
        events=world.events,
        bus=world.bus,
        codes=world.codes,
        clock=world.clock,
        keys=world.keys,
        ring=world.sessions._ring,
        links=world.links,
        mover=LabelMover(),
        proxies=check,  # type: ignore[arg-type]
        entropy=world.entropy,
    )


# -- wishes


async def test_connecting_wakes_the_workers_and_twice_is_as_once(world: World) -> None:
    session = await world.new()
    with world.bus.subscribe(WANTED) as news:
        first = await world.sessions.connect(world.principal, session.id)
        assert await news.next(0) is not None
        second = await world.sessions.connect(world.principal, session.id)
        assert await news.next(0) is None
    assert first == second
    assert (first.status, first.desired) == (SessionStatus.CONNECTING, Desired.CONNECTED)
    assert [e.data["status"] for e in await world.told()] == ["connecting"]


async def test_a_session_without_a_worker_is_disconnected_at_once(world: World) -> None:
    session = await world.wanted()
    after = await world.sessions.disconnect(world.principal, session.id)
    assert (after.status, after.status_reason) == (SessionStatus.DISCONNECTED, "disconnected_by_customer")
    assert await world.sessions.disconnect(world.principal, session.id) == after


async def test_a_hosted_session_is_disconnected_when_its_worker_closed_it(world: World) -> None:
    lease, session = await world.online()
    asked = await world.sessions.disconnect(world.principal, session.id)
    assert (asked.status, asked.desired) == (SessionStatus.CONNECTED, Desired.DISCONNECTED)
    after = await world.sessions.hosting.finish(lease)
    assert (after.status, after.status_reason) == (SessionStatus.DISCONNECTED, "disconnected_by_customer")
    assert after.last_disconnected_at == world.clock.now()


async def test_a_ban_outlasts_every_wish_but_a_logout(world: World) -> None:
    lease, session = await world.online()
    until_ = world.clock.now() + timedelta(hours=6)
    await world.sessions.hosting.record(lease, Trigger.BANNED, reason="temporarily_banned", retry_at=until_)
    for wish in (world.sessions.connect, world.sessions.reconnect, world.sessions.disconnect, world.sessions.connect):
        after = await wish(world.principal, session.id)
        assert (after.status, after.retry_at) == (SessionStatus.BANNED, until_)
    assert not after.reconnect_asked
    assert (await world.sessions.logout(world.principal, session.id)).status is SessionStatus.LOGGED_OUT


async def test_a_conflict_is_left_by_the_customer_only(world: World) -> None:
    lease, session = await world.online()
    await world.sessions.hosting.record(lease, Trigger.REPLACED, reason="replaced", release=True)
    after = await world.sessions.connect(world.principal, session.id)
    assert after.status is SessionStatus.CONNECTING
    assert len(await world.sessions.hosting.claim(world.worker, limit=1)) == 1


# -- the end of a link


async def test_logout_without_a_connection_wipes_the_keys_and_says_that_the_phone_was_not_told(world: World) -> None:
    lease, session = await world.online()
    after = await world.sessions.logout(world.principal, session.id)
    assert (after.status, after.status_reason) == (SessionStatus.LOGGED_OUT, "logged_out_unconfirmed")
    assert (after.jid, after.worker_id, after.desired) == (None, None, Desired.DISCONNECTED)
    assert world.keys.wiped == [session.id]
    with pytest.raises(StaleEpoch):
        await world.sessions.hosting.record(lease, Trigger.ONLINE, identity=SHOP)


async def test_logout_of_a_session_that_was_never_linked_needs_nobody_told(world: World) -> None:
    session = await world.new()
    after = await world.sessions.logout(world.principal, session.id)
    assert (after.status, after.status_reason) == (SessionStatus.LOGGED_OUT, "logged_out")
    assert await world.sessions.logout(world.principal, session.id) == (await world.now(session.id))


async def test_logout_has_the_open_connection_unlink_the_device(world: World) -> None:
    lease, session = await world.online()
    link = FakeLink()
    world.links.put(session.id, link, Stage.ONLINE, world.clock.now())
    logout = asyncio.create_task(world.sessions.logout(world.principal, session.id))
    await world.until(lambda: link.logged_out)

    # What the worker does when the connection ends with 401.
    await world.sessions.hosting.record(lease, Trigger.REVOKED, reason="logged_out", wipe=True, release=True)

    after = await logout
    assert (after.status, after.status_reason) == (SessionStatus.LOGGED_OUT, "logged_out")


@pytest.mark.parametrize("trouble", ["refuses", "deaf"])
async def test_a_logout_that_whatsapp_does_not_hear_ends_in_bounded_time(world: World, trouble: str) -> None:
    _, session = await world.online()
    link = FakeLink()
    link.deaf = trouble == "deaf"
    link.failure = RelayImpossible() if trouble == "refuses" else None
    world.links.put(session.id, link, Stage.ONLINE, world.clock.now())
    logout = asyncio.create_task(world.sessions.logout(world.principal, session.id))
    await world.pass_time(20)
    after = await asyncio.wait_for(logout, 5)
    assert after.status is SessionStatus.LOGGED_OUT
    assert after.status_reason == ("logged_out" if trouble == "deaf" else "logged_out_unconfirmed")


async def test_delete_leaves_nothing_and_tells_the_end(both: World) -> None:
    lease, session = await both.online()
    await both.sessions.delete(both.principal, session.id)
    with pytest.raises(SessionNotFound):
        await both.now(session.id)
    with pytest.raises(SessionNotFound):
        await both.sessions.delete(both.principal, session.id)
    with pytest.raises(StaleEpoch):
        await both.sessions.hosting.record(lease, Trigger.LOST)
    assert both.keys.erased == [session.id]
    last = (await both.told())[-1].data
    assert (last["id"], last["status"], last["statusReason"], last["me"]) == (session.id, "logged_out", "deleted", None)


# -- evidence of life


async def test_the_report_shows_life_and_notices_silence(world: World) -> None:
    _, session = await world.online()
    link = FakeLink()
    link.health = Vitals(last_frame_at=world.clock.now(), ping_ms=12.5)
    world.links.put(session.id, link, Stage.ONLINE, world.clock.now())
    report = await world.sessions.report(world.principal, session.id)
    assert (report.vitals.ping_ms, report.send_stalled) == (12.5, False)

    await world.clock.advance(61)
    assert (await world.sessions.report(world.principal, session.id)).send_stalled

    world.links.remove(session.id, link)
    report = await world.sessions.report(world.principal, session.id)
    assert (report.vitals, report.send_stalled) == (Vitals(), False)
