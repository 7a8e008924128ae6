"""What the routes of messages answer, and the description of what they take."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from wagate.core.ids import MessageId, SessionId
from wagate.media.model import MediaState
from wagate.messages.kinds import SENDABLE
from wagate.messages.model import Direction, MessageStatus
from wagate.web.models import ApiModel


class SentBody(ApiModel):
    """A message that was accepted."""

    id: MessageId
    wa_id: str
    """Its id on WhatsApp, the same on every attempt."""
    session_id: SessionId
    to: str
    """The address it goes to."""
    type: str
    status: MessageStatus
    """`sent` once WhatsApp acknowledged it; until then `queued` or `sending`, and it will be sent."""
    timestamp: datetime
    """When it was accepted."""


class FileBody(ApiModel):
    """The file of a message."""

    id: str
    mimetype: str
    size: int | None
    sha256: str | None
    filename: str | None
    state: MediaState
    """Of received files: `pending` until fetched and checked, then `ready` or `failed`."""
    url: str


class ErrorBody(ApiModel):
    """Why a message failed."""

    code: str
    certain: bool
    """Whether it is certain that nothing was sent."""


class StatusAtBody(ApiModel):
    """When each stage was reached; null if it was not."""

    sent: datetime | None
    delivered: datetime | None
    read: datetime | None
    played: datetime | None


class MessageBody(ApiModel):
    """A message. Further members depend on its `type`."""

    model_config = ConfigDict(extra="allow")

    id: MessageId
    wa_id: str
    session_id: SessionId
    direction: Direction
    chat: str
    """The conversation, by phone number where that is known."""
    chat_lid: str | None
    """The conversation by LID, where that is known."""
    from_: Annotated[str, Field(alias="from")]
    from_lid: str | None
    to: str
    from_me: bool
    """Whether this account wrote it, here or on its phone."""
    push_name: str | None
    """The name that the sender gave itself."""
    type: str
    """text, image, document, video, audio, voice, sticker, location, contacts, poll, reaction, edit, revoke, … or
    `unsupported`."""
    text: str | None = None
    """What a person reads: the text or the caption."""
    media: FileBody | None = None
    status: MessageStatus
    error: ErrorBody | None = None
    reply_to: str | None
    """The message that it answers: our id if it is known here, otherwise WhatsApp's."""
    timestamp: datetime
    created_at: datetime
    status_at: StatusAtBody


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references to definitions of its own, which would not be found in the whole document."""
    definitions: dict[str, Any] = schema.pop("$defs", {})

    def walk(part: Any) -> Any:
        if isinstance(part, dict):
            name = part.get("$ref", "").rpartition("/")[2] if isinstance(part.get("$ref"), str) else ""
            if name in definitions:
                return walk(definitions[name])
            return {key: walk(value) for key, value in part.items()}
        return [walk(item) for item in part] if isinstance(part, list) else part

    inlined: dict[str, Any] = walk(schema)
    return inlined


def _send_body(*, names_session: bool) -> dict[str, Any]:
    """The request body of sending: JSON, or a form of that JSON and a file."""
    kinds = [_inlined(kind.body.model_json_schema(by_alias=True)) for kind in SENDABLE.values()]
    if names_session:
        kinds = [{**kind, "required": [*kind["required"], "sessionId"]} for kind in kinds]
    message = {"anyOf": kinds}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": message},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["payload"],
                        "properties": {
                            "payload": message,
                            "file": {"type": "string", "format": "binary", "description": "The file of the message."},
                        },
                    },
                    "encoding": {"payload": {"contentType": "application/json"}},
                },
            },
        }
    }


#: What ``POST /api/sessions/{id}/send`` takes.
SEND_FROM_SESSION_BODY: Final = _send_body(names_session=False)
#: What ``POST /api/send`` takes.
SEND_BODY: Final = _send_body(names_session=True)
