"""A text."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from wagate.media.model import RemoteFile
from wagate.messages.kinds.body import SendBody, checked_text
from wagate.messages.kinds.sending import SendingFile
from wagate.wire.proto import wa_pb2 as wa


class Body(SendBody):
    """A text to send."""

    type: Literal["text"] = "text"
    text: Annotated[str, StringConstraints(min_length=1)]
    """Up to 65,536 characters."""
    link_preview: bool = True
    """Whether a link may be shown with a preview. None is made yet: the recipient sees the bare link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    text: str

    @property
    def fields(self) -> dict[str, Any]:
        return {}

    @property
    def file(self) -> RemoteFile | None:
        return None


def parse(body: Body, file: SendingFile | None) -> Content:
    """:raises TextTooLong: beyond 65,536 characters."""
    return Content(text=checked_text(body.text, "text") or "")


def build(content: Content, context: wa.ContextInfo | None) -> wa.Message:
    """``conversation`` holds a text and nothing else; with a quote or a mention it takes the extended form."""
    if context is None:
        return wa.Message(conversation=content.text)
    return wa.Message(extendedTextMessage=wa.Message.ExtendedTextMessage(text=content.text, contextInfo=context))


def read(message: wa.Message) -> Content | None:
    if message.HasField("extendedTextMessage"):
        return Content(text=message.extendedTextMessage.text)
    if message.HasField("conversation"):
        return Content(text=message.conversation)
    return None
