"""What all requests to send have in common."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wagate.core.errors import BadRequest
from wagate.messages.errors import TextTooLong
from wagate.web.models import ApiRequest

#: WhatsApp's limit for a text, in characters; its clients cut what is longer.
MAX_TEXT = 65_536

Address = Annotated[str, Field(min_length=1, max_length=200)]


class MediaSource(ApiRequest):
    """Where the file of a message comes from: exactly one of `url`, `base64` and `id`, or the part `file` of a form."""

    url: Annotated[str, Field(max_length=4096)] | None = None
    """The file is fetched from here before the message is accepted."""
    base64: str | None = None
    """The file itself, in standard base64."""
    id: str | None = None
    """A file uploaded before (`med_…`) or received."""
    mimetype: Annotated[str, Field(max_length=200)] | None = None
    """What kind of file it is, if its first bytes do not tell."""
    filename: Annotated[str, Field(max_length=255)] | None = None
    """The name the recipient sees; only documents show one."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.url, self.base64, self.id)) != 1:
            raise ValueError("give exactly one of url, base64 and id")
        return self


class SendBody(ApiRequest):
    """A message to send."""

    type: str = "text"
    """What kind of message it is."""
    session_id: str | None = None
    """Which session sends it; needed by `POST /api/send`, and the path's own elsewhere."""
    to: Address
    """A phone number in any common spelling, a JID, a LID or a group id."""
    reply_to: str | None = None
    """The message (`msg_…`) that this one answers."""
    mentions: Annotated[list[Address], Field(max_length=1024, default_factory=list)]
    """Who is mentioned; the text has to hold an `@number` for each, which WhatsApp then shows as a name."""


class FileBody(SendBody):
    """A message with a file."""

    media: MediaSource | None = None
    """The file; left out when it is the part `file` of a form."""
    caption: str | None = None
    """The text under it."""


def checked_text(text: str | None, what: Literal["text", "caption"]) -> str | None:
    """The text as it may be sent.

    :raises TextTooLong: beyond :data:`MAX_TEXT` characters.
    :raises BadRequest: if it can't be written as UTF-8.
    """
    if text is None:
        return None
    if len(text) > MAX_TEXT:
        raise TextTooLong(f"the {what} has {len(text)} characters; WhatsApp takes {MAX_TEXT}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest(f"the {what} holds half a character (a lone surrogate)") from None
    return text
