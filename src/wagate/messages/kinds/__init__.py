"""Kinds of messages: one file each, all with the same three functions.

::

    parse(body, file) -> Content         what a customer asked to send, checked
    build(content, context) -> Message   WhatsApp's protobuf of it
    read(Message) -> Content | None      what somebody sent, if it is of this kind

:data:`SENDABLE` is the table of kinds that can be sent. Kinds that can only be received stand in named.py.
envelope.py takes wrappers off, context.py does quotes and mentions, attachment.py knows where each kind keeps its file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from google.protobuf.message import DecodeError

from wagate.media.model import RemoteFile
from wagate.messages.errors import UnsupportedType
from wagate.messages.kinds import document, image, named, text
from wagate.messages.kinds.body import SendBody
from wagate.messages.kinds.envelope import carries_only_keys, context_of, unwrap
from wagate.wire.proto import wa_pb2 as wa


class Content(Protocol):
    """What every kind's content tells in the same words."""

    @property
    def text(self) -> str | None:
        """What a person reads: the text or the caption."""
        ...

    @property
    def fields(self) -> dict[str, Any]:
        """Members of the API's resource that only this kind has."""
        ...

    @property
    def file(self) -> RemoteFile | None: ...


B = TypeVar("B", bound=SendBody)
C = TypeVar("C", bound=Content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[B, C]):
    """One kind that can be sent and read."""

    body: type[B]
    parse: Callable[[B, Any], C]
    build: Callable[[C, wa.ContextInfo | None], wa.Message]
    read: Callable[[wa.Message], C | None]
    #: Whether it is nothing without a file, and whether that must be a picture.
    needs_file: bool = False
    needs_picture: bool = False


#: Every kind that can be sent, by the ``type`` of the API.
SENDABLE: Final[Mapping[str, Kind[Any, Any]]] = {
    "text": Kind(body=text.Body, parse=text.parse, build=text.build, read=text.read),
    "image": Kind(
        body=image.Body,
        parse=image.parse,
        build=image.build,
        read=image.read,
        needs_file=True,
        needs_picture=True,
    ),
    "document": Kind(
        body=document.Body, parse=document.parse, build=document.build, read=document.read, needs_file=True
    ),
}

#: The types of the API's contract that are not sent yet.
PLANNED: Final = frozenset(
    {
        "video",
        "audio",
        "voice",
        "sticker",
        "location",
        "contacts",
        "poll",
        "event",
        "reaction",
        "edit",
        "revoke",
        "forward",
    }
)


def kind_of(name: str) -> Kind[Any, Any] | None:
    """How messages of this type are sent; ``None`` if there is no such type at all.

    :raises UnsupportedType: for one that is not sent yet.
    """
    if name in PLANNED:
        raise UnsupportedType(f"messages of type {name} can't be sent yet; these can: {', '.join(SENDABLE)}")
    return SENDABLE.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a received message says. Ids are WhatsApp's.

    ``target`` is the message it is about (reaction, edit, revoke), ``quoted`` the one it answers; ``destination`` is
    the chat of a copy that one's own other device sent.
    """

    type: str
    text: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    file: RemoteFile | None = None
    target: str | None = None
    quoted: str | None = None
    destination: str | None = None


def read(plaintext: bytes) -> Reading | None:
    """Understand a decrypted message; ``None`` if it is none (keys, history, settings).

    What can't be parsed is still a message that somebody sent: it reads as ``unsupported``.
    """
    try:
        whole = wa.Message.FromString(plaintext)
    except DecodeError:
        return Reading(type="unsupported")
    inside = unwrap(whole)
    message = inside.message
    if carries_only_keys(message):
        return None
    name, content, target = _recognise(message)
    if content is None:
        return None
    context = context_of(message)
    fields = dict(content.fields)
    if inside.view_once:
        fields["viewOnce"] = True
    if context is not None and context.mentionedJid:
        fields["mentions"] = list(context.mentionedJid)
    if context is not None and context.isForwarded:
        fields["forwarded"] = True
    return Reading(
        type=name,
        text=content.text,
        fields=fields,
        file=content.file,
        target=target,
        quoted=(context.stanzaId or None) if context is not None else None,
        destination=inside.destination,
    )


def _recognise(message: wa.Message) -> tuple[str, Content | None, str | None]:
    for name, kind in SENDABLE.items():
        content = kind.read(message)
        if content is not None:
            return name, content, None
    other = named.read(message)
    return ("", None, None) if other is None else (other.type, other, other.target)
