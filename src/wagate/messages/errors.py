"""Why a message is not taken, and why one that was taken was not sent.

::

    NotFound 404        MessageNotFound
    Conflict 409        SessionLoggedOut, SessionNotLinked
    Unprocessable 422   InvalidRecipient, UnsupportedType, TextTooLong, ReplyNotFound, IdempotencyMismatch
    SendFailed          a stored failure, told to whoever waited for the outcome
    ├── NotOnWhatsApp 422       ├── RefusedByWhatsApp 422   ├── AccountRestricted 422   ├── StaleAddress 422
    ├── StaleGroup 422          ├── NotSent 503             └── MediaUnavailable 422
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar

from wagate.core.errors import BadRequest, Conflict, NotFound, TooMany, Unprocessable, WagateError


class MessageNotFound(NotFound):
    """There is no such message, or it belongs to another account."""

    code = "message_not_found"


class SessionLoggedOut(Conflict):
    """The session is logged out; nothing can be sent until it is linked again."""

    code = "session_logged_out"


class SessionNotLinked(Conflict):
    """The session was never linked to a phone, so there is nobody to send as."""

    code = "session_not_linked"


class InvalidRecipient(Unprocessable):
    """The recipient is neither a phone number nor a WhatsApp address that can be sent to."""

    code = "invalid_recipient"


class UnsupportedType(Unprocessable):
    """Messages of this type can't be sent yet."""

    code = "unsupported_type"


class TextTooLong(Unprocessable):
    """The text is longer than WhatsApp takes."""

    code = "text_too_long"


class ReplyNotFound(Unprocessable):
    """The message to reply to is not known in this session."""

    code = "reply_not_found"


class IdempotencyMismatch(Unprocessable):
    """This idempotency key was used with another body within the last 24 hours."""

    code = "idempotency_mismatch"


class BadIdempotencyKey(BadRequest):
    """An idempotency key has 1 to 255 printable ASCII characters."""

    code = "bad_idempotency_key"


class FirstContactBudget(TooMany):
    """This number may write to no more people for the first time today; `limit`, `used` and `resetsAt` stand beside."""

    code = "first_contact_budget"

    def __init__(self, *, limit: int, used: int, resets_at: datetime, now: datetime) -> None:
        ends = _moment(resets_at)
        super().__init__(
            f"This number may write to {limit} people for the first time today, and has; it may again at {ends}. "
            "Answers, groups and known chats are not counted",
            retry_after=_seconds_until(resets_at, now),
        )
        self._members = {"limit": limit, "used": used, "resetsAt": ends}

    def members(self) -> Mapping[str, Any]:
        return self._members


class NewChatsRestricted(TooMany):
    """WhatsApp does not let this number start new chats for now; existing chats still work."""

    code = "new_chats_restricted"

    def __init__(self, *, until: datetime, now: datetime) -> None:
        super().__init__(
            f"WhatsApp refused a new chat of this number; others are not tried before {_moment(until)}",
            retry_after=_seconds_until(until, now),
        )
        self._members = {"resetsAt": _moment(until)}

    def members(self) -> Mapping[str, Any]:
        return self._members


class ForbiddenTransition(WagateError):
    """A message's status only moves forward."""

    code = "forbidden_status"


class SendFailed(WagateError):
    """The message was not sent."""

    code = "send_failed"
    status = 422
    certain: ClassVar[bool | None] = True


class NotOnWhatsApp(SendFailed):
    """The recipient is not on WhatsApp."""

    code = "not_on_whatsapp"


class RefusedByWhatsApp(SendFailed):
    """WhatsApp's server refused the message."""

    code = "refused_by_whatsapp"


class SendingTooFast(SendFailed):
    """WhatsApp took no more messages from this number, though the gateway paused and tried again."""

    code = "sending_too_fast"


class AccountRestricted(SendFailed):
    """WhatsApp does not let this account start new chats for now; existing chats still work."""

    code = "account_restricted"


class StaleAddress(SendFailed):
    """WhatsApp refused the message as malformed, most likely because a device of the recipient is gone."""

    code = "stale_address"


class StaleGroup(SendFailed):
    """WhatsApp refused the message because the group's members or its way of addressing changed meanwhile."""

    code = "stale_group"


class NotSent(SendFailed):
    """The message could not be encrypted or written, and was given up after several attempts."""

    code = "not_sent"
    status = 503


class MediaUnavailable(SendFailed):
    """The file of this message is gone or could not be brought to WhatsApp."""

    code = "media_unavailable"


#: Error codes of WhatsApp's acknowledgement of a message, as Baileys 7.0.0-rc14 reads them (463, 479: its
#: ``SERVER_ERROR_CODES``; 421: the group's addressing mode went stale).
_REFUSALS: dict[int, type[SendFailed]] = {
    421: StaleGroup,
    429: SendingTooFast,
    463: AccountRestricted,
    479: StaleAddress,
}

_BY_CODE: dict[str, type[SendFailed]] = {
    error.code: error
    for error in (
        NotOnWhatsApp,
        RefusedByWhatsApp,
        SendingTooFast,
        AccountRestricted,
        StaleAddress,
        StaleGroup,
        NotSent,
        MediaUnavailable,
    )
}


def refusal(server_code: int) -> SendFailed:
    """What it means that WhatsApp's server acknowledged a message with this error."""
    known = _REFUSALS.get(server_code)
    if known is not None:
        return known()
    return RefusedByWhatsApp(f"WhatsApp refused the message with error {server_code}.")


def stored_failure(code: str) -> SendFailed:
    """The error that a message's stored ``error.code`` stands for."""
    return _BY_CODE.get(code, SendFailed)()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, ceil((moment - now).total_seconds()))
