"""The table of statuses: forward only, whatever comes in whatever order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.ids import AccountId, MessageId, SessionId
from wagate.media.model import MediaState
from wagate.messages.errors import ForbiddenTransition, SendFailed, refusal, stored_failure
from wagate.messages.model import (
    PENDING,
    RECEIPTS,
    TRANSITIONS,
    Attachment,
    Direction,
    Failure,
    Message,
    MessageStatus,
    StatusTimes,
    may_follow,
    predecessors,
    rfc3339,
)
from wagate.wire.jid import Jid

START = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = list(MessageStatus)[:-1]
moments = st.integers(-100, 100).map(lambda s: START + timedelta(seconds=s))


def message(status: MessageStatus = MessageStatus.QUEUED) -> Message:
    return Message(
        seq=1,
        id=MessageId("msg_" + "0" * 26),
        account_id=AccountId("acc_" + "0" * 26),
        session_id=SessionId("ses_" + "0" * 26),
        wa_id="3EB0",
        direction=Direction.OUT,
        chat=Jid("491700000002"),
        sender=Jid("491700000001"),
        recipient=Jid("491700000002"),
        from_me=True,
        type="text",
        text="hi",
        status=status,
        timestamp=START,
        created_at=START,
    )


@given(st.lists(st.tuples(st.sampled_from(ORDER), moments)))
def test_any_sequence_of_events_moves_a_message_forward_only(steps: list[tuple[MessageStatus, datetime]]) -> None:
    current = message()
    for status, at in steps:
        before = current
        if may_follow(current.status, status):
            current = current.advanced(status, at)
            assert ORDER.index(current.status) > ORDER.index(before.status)
        else:
            with pytest.raises(ForbiddenTransition):
                current.advanced(status, at)
        known = current.status_at
        stages = [known.sent, known.delivered, known.read, known.played]
        told = [at for at in stages if at is not None]
        assert told == sorted(told)
        # What was reached proves all before it, and stays.
        assert stages[: len(told)] == told
        assert all(getattr(before.status_at, name) in (None, getattr(known, name)) for name in StatusTimes.__slots__)


def test_the_table_has_a_row_for_every_status_and_ends_somewhere() -> None:
    assert set(TRANSITIONS) == set(MessageStatus)
    assert {status for status, following in TRANSITIONS.items() if not following} == {
        MessageStatus.PLAYED,
        MessageStatus.FAILED,
    }
    for status, following in TRANSITIONS.items():
        assert status not in following
        assert MessageStatus.QUEUED not in following


def test_only_what_was_never_acknowledged_can_fail() -> None:
    assert predecessors(MessageStatus.FAILED) == PENDING
    with pytest.raises(ForbiddenTransition):
        message(MessageStatus.SENT).failed(Failure(code="not_sent", certain=True))


@pytest.mark.parametrize("status", sorted(set(RECEIPTS.values())))
def test_a_receipt_may_overtake_everything_before_it(status: MessageStatus) -> None:
    assert predecessors(status) >= {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.SENT}


def test_the_resource_has_the_contracts_members() -> None:
    shown = message().to_json()
    assert set(shown) >= {
        *("id", "waId", "sessionId", "direction", "chat", "from", "to", "fromMe", "type", "text"),
        *("status", "replyTo", "timestamp", "createdAt", "statusAt"),
    }
    assert "error" not in shown
    assert "media" not in shown
    assert shown["statusAt"] == {"sent": None, "delivered": None, "read": None, "played": None}


def test_the_resource_shows_its_file_and_its_failure() -> None:
    from dataclasses import replace

    attachment = Attachment(
        id="med_1", mimetype="image/png", size=3, sha256="aa", filename="a.png", state=MediaState.READY
    )
    shown = replace(message(), attachment=attachment).failed(Failure(code="not_sent", certain=True)).to_json()
    assert shown["media"] == {
        "id": "med_1",
        "mimetype": "image/png",
        "size": 3,
        "sha256": "aa",
        "filename": "a.png",
        "state": "ready",
        "url": "/api/media/med_1",
    }
    assert shown["error"] == {"code": "not_sent", "certain": True}


@given(st.lists(moments, min_size=2, max_size=5))
def test_moments_sort_as_their_texts(times: list[datetime]) -> None:
    uneven = [moment + timedelta(microseconds=n * 1000) for n, moment in enumerate(times)]
    assert sorted(map(rfc3339, uneven)) == [rfc3339(moment) for moment in sorted(uneven)]


@pytest.mark.parametrize("code", [421, 463, 479, 500, 0])
def test_every_refusal_can_be_told_again_from_its_stored_code(code: int) -> None:
    told = refusal(code)
    again = stored_failure(told.code)
    assert (type(again), again.status, again.certain) == (type(told), told.status, True)
    assert isinstance(stored_failure("of another version"), SendFailed)
