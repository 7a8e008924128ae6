"""The two tables: every step, and the reaction to every code."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wagate.core.ids import AccountId, SessionId
from wagate.sessions.errors import ForbiddenTransition
from wagate.sessions.model import (
    LIVE,
    REACTIONS,
    TRANSITIONS,
    ReactionKind,
    Session,
    SessionStatus,
    Trigger,
    after,
    reaction_to,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_S, _K = SessionStatus, ReactionKind


def session(status: SessionStatus = SessionStatus.DISCONNECTED) -> Session:
    return Session(
        id=SessionId.new(NOW),
        account_id=AccountId.new(NOW),
        name="shop",
        status=status,
        since=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


class AnyLife(RuleBasedStateMachine):
    """Any order of triggers, allowed or not."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.session = session()

    @rule(trigger=st.sampled_from(Trigger), banned_for=st.integers(1, 1000))
    def happens(self, trigger: Trigger, banned_for: int) -> None:
        self.now += timedelta(seconds=1)
        before = self.session
        retry_at = self.now + timedelta(seconds=banned_for) if trigger is Trigger.BANNED else None
        if before.status not in TRANSITIONS[trigger]:
            with pytest.raises(ForbiddenTransition):
                before.moved(trigger, self.now)
            return
        self.session = before.moved(trigger, self.now, reason=trigger.value, retry_at=retry_at)

        if before.status is _S.BANNED and self.session.status is _S.BANNED:
            assert self.session.retry_at == before.retry_at, "nothing shortens or forgets a ban"
        if before.status in (_S.CONFLICT, _S.LOGGED_OUT):
            assert self.session.status not in LIVE or trigger in (Trigger.CONNECT, Trigger.RECONNECT), (
                "only the customer brings back what was replaced or logged out"
            )
        if self.session.status is _S.CONNECTED:
            assert trigger in (Trigger.ONLINE, Trigger.CONNECT), "only a login makes a session connected"

    @invariant()
    def times_are_in_order(self) -> None:
        found = self.session
        assert found.created_at <= found.since <= found.updated_at <= self.now
        if found.status is _S.CONNECTED:
            assert found.last_connected_at == found.since
        if found.last_disconnected_at is not None:
            assert found.last_connected_at is not None
            assert found.last_connected_at < found.last_disconnected_at or found.status is _S.CONNECTED


TestAnyLife = AnyLife.TestCase


def test_every_status_is_reached_and_can_be_left() -> None:
    reached = {to for steps in TRANSITIONS.values() for at, to in steps.items() if at is not to}
    left = {at for steps in TRANSITIONS.values() for at, to in steps.items() if at is not to}
    assert reached == set(_S)
    assert left == set(_S)


@pytest.mark.parametrize("trigger", [Trigger.CONNECT, Trigger.RECONNECT, Trigger.DISCONNECT, Trigger.LOGOUT])
@pytest.mark.parametrize("status", SessionStatus)
def test_a_customers_wish_is_never_forbidden_and_twice_is_as_once(trigger: Trigger, status: SessionStatus) -> None:
    once = after(status, trigger)
    assert after(once, trigger) is once


@pytest.mark.parametrize("status", sorted(LIVE))
@pytest.mark.parametrize("code", [*REACTIONS, -1, 999])
def test_every_reaction_is_a_step_of_the_table(code: int, status: SessionStatus) -> None:
    for linking in (False, True):
        reaction = reaction_to(code, linking=linking)
        if reaction.status is _S.DISCONNECTED and status is _S.CONNECTED:
            continue  # a session that is online shows no codes that could run out
        assert after(status, reaction.trigger) is reaction.status


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        (0, _K.BACKOFF, _S.CONNECTING),
        (1, _K.BACKOFF, _S.CONNECTING),
        (2, _K.BACKOFF_LIMITED, _S.CONNECTING),
        (3, _K.BACKOFF_LIMITED, _S.CONNECTING),
        (4, _K.BACKOFF, _S.CONNECTING),
        (5, _K.STOP, _S.ERROR),
        (400, _K.BACKOFF_LIMITED, _S.CONNECTING),
        (401, _K.WIPE_AND_STOP, _S.LOGGED_OUT),
        (402, _K.WAIT_UNTIL, _S.BANNED),
        (403, _K.WIPE_AND_STOP, _S.LOGGED_OUT),
        (405, _K.ALERT, _S.ERROR),
        (406, _K.WIPE_AND_STOP, _S.LOGGED_OUT),
        (408, _K.BACKOFF, _S.CONNECTING),
        (409, _K.ALERT, _S.ERROR),
        (411, _K.STOP, _S.ERROR),
        (413, _K.ALERT, _S.ERROR),
        (414, _K.ALERT, _S.ERROR),
        (415, _K.ALERT, _S.ERROR),
        (418, _K.ALERT, _S.ERROR),
        (428, _K.BACKOFF, _S.CONNECTING),
        (440, _K.CONFLICT, _S.CONFLICT),
        (500, _K.BACKOFF_LIMITED, _S.CONNECTING),
        (501, _K.BACKOFF_LIMITED, _S.CONNECTING),
        (503, _K.BACKOFF, _S.CONNECTING),
        (515, _K.RECONNECT_NOW, _S.CONNECTING),
    ],
)
def test_the_reaction_to_each_code(code: int, kind: ReactionKind, status: SessionStatus) -> None:
    reaction = reaction_to(code, linking=False)
    assert (reaction.kind, reaction.status) == (kind, status)


def test_the_codes_above_are_all_there_are() -> None:
    assert len(REACTIONS) == 25


@given(st.integers().filter(lambda code: code not in REACTIONS))
def test_an_unknown_code_is_retried_within_limits_and_named(code: int) -> None:
    reaction = reaction_to(code, linking=False)
    assert reaction.kind is _K.BACKOFF_LIMITED
    assert reaction.reason == f"closed_{code}"


@given(st.integers(-10, 1000), st.booleans())
def test_keys_are_wiped_for_401_403_and_406_only(code: int, linking: bool) -> None:
    assert reaction_to(code, linking=linking).wipes_keys is (code in (401, 403, 406))


def test_codes_that_ran_out_end_the_linking_instead_of_showing_more() -> None:
    reaction = reaction_to(408, linking=True)
    assert (reaction.kind, reaction.status, reaction.reason) == (_K.STOP, _S.DISCONNECTED, "qr_timeout")


def test_a_reason_lasts_until_the_session_is_online_again() -> None:
    lost = session(_S.CONNECTED).moved(Trigger.LOST, NOW, reason="timed_out", retry_at=NOW)
    opening = lost.moved(Trigger.OPENING, NOW)
    assert (opening.status_reason, opening.retry_at) == ("timed_out", None)
    assert opening.moved(Trigger.ONLINE, NOW).status_reason is None


def test_a_session_that_is_read_back_tells_nothing_new() -> None:
    found = session(_S.CONNECTING)
    assert not found.moved(Trigger.OPENING, NOW + timedelta(seconds=5)).tells_more_than(found)
    assert found.moved(Trigger.ONLINE, NOW).tells_more_than(found)
