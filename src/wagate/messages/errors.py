"""Why a message is not taken, and why one that was taken was not sent.

::

    NotFound 404        MessageNotFound
    Conflict 409        SessionLoggedOut, SessionNotLinked
    Unprocessable 422   InvalidRecipient, UnsupportedType, TextTooLong, ReplyNotFound, IdempotencyMismatch
    SendFailed          a stored failure, told to whoever waited for the outcome
    ├── NotOnWhatsApp 422       ├── RefusedByWhatsApp 422   ├── AccountRestricted 422   ├── StaleAddress 422
    ├── StaleGroup 422          ├── NotSent 503             └── MediaUnavailable 422
"""

from typing import ClassVar

from wagate.core.errors import BadRequest, Conflict, NotFound, Unprocessable, WagateError


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
_REFUSALS: dict[int, type[SendFailed]] = {421: StaleGroup, 463: AccountRestricted, 479: StaleAddress}

_BY_CODE: dict[str, type[SendFailed]] = {
    error.code: error
    for error in (
        NotOnWhatsApp,
        RefusedByWhatsApp,
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
