"""Bodies of the control API."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from wagate.sandbox.content import File, kind_for
from wagate.sandbox.faults import CloseAs, FaultKind, StanzaKind
from wagate.sandbox.groups import Group
from wagate.sandbox.inbox import Shown
from wagate.sandbox.model import Device
from wagate.sandbox.record import Direction
from wagate.web.models import ApiModel, ApiRequest, Timestamp
from wagate.wire.certs import ForgedChain
from wagate.wire.media import MediaKind

_MAX_TEXT = 65_536
_Number = Annotated[str, Field(max_length=40)]


class SandboxFacts(ApiModel):
    """Where the simulated WhatsApp listens."""

    web_socket_url: str
    root_public_key: str
    """Hex; what signs the Noise certificate chain. Pin it in place of WhatsApp's own."""
    media_ca_pem: str
    """The authority of the media host's certificate."""
    devices_online: int
    """Linked devices that are logged in."""
    complaints: dict[str, int]
    """What clients did wrong, such as false signatures, and how often. A good run has none."""


# -- phones


class _Settings(ApiRequest):
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The name that others see."""
    auto_reply: Annotated[str, Field(max_length=_MAX_TEXT)] | bool | None = None
    """Answer each message of a linked session: `true` echoes its text, a string is sent as it is, `null` stops it."""
    read_receipts: bool | None = None
    """Whether messages are answered with `read` besides `delivered`."""
    typing: bool | None = None
    """Show that it is typing before it sends."""
    online: bool | None = None
    """A phone that is offline keeps what comes and works it off when it is back."""
    passkey: bool | None = None
    """Whether the account is protected by a passkey, which has to be shown whenever its phone scans a code."""
    fail_next: Annotated[int, Field(ge=0, le=1_000)] | None = None
    """Refuse so many of the next messages and ask for them again."""
    withhold: Annotated[str, Field(max_length=100)] | None = None
    """Encrypt for phones alone: linked devices get `<unavailable>` of this type (`""`: none). `null` stops it."""
    answer_retries: bool | None = None
    """Whether a message is sent again to who asks for it."""
    one_time_keys: bool | None = None
    """Whether who begins a chat gets a one-time pre-key."""
    strangers_need_token: bool | None = None
    """Refuse messages (463) of devices that show no token which this phone gave them."""


class NewSandboxPhone(_Settings):
    """A phone to be added."""

    number: _Number


class NewSandboxHistory(ApiRequest):
    """Chats that a phone had before anything was linked to it."""

    chats: Annotated[list[_Number], Field(min_length=1, max_length=1_000)]
    """Whom it wrote with: numbers of phones, or JIDs of groups."""
    messages: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many texts each chat has, a minute apart, every other one by the phone's owner."""
    start: Annotated[int, Field(ge=1, le=4_000_000_000)] = 1_700_000_000
    """When the first one was written, in seconds since 1970."""
    pad: Annotated[int, Field(ge=0, le=60_000)] = 0
    """Makes each text longer by so many characters."""
    spoil: Annotated[int, Field(ge=0, le=1_000)] = 0
    """Spoil so many of the files in which the history is handed over."""


class SandboxPhoneSettings(_Settings):
    """What to change."""


class SandboxPasskey(ApiRequest):
    """What WhatsApp asks of the account's passkey, as `GET /api/sessions/{id}/passkey` gives it."""

    public_key: dict[str, Any]


class SandboxDevice(ApiModel):
    """A linked device."""

    number: int
    jid: str
    lid: str
    online: bool

    @classmethod
    def of(cls, device: Device) -> Self:
        return cls(number=device.number, jid=str(device.jid), lid=str(device.lid_jid), online=device.line is not None)


class SandboxPhone(ApiModel):
    """A simulated phone."""

    number: str
    name: str
    jid: str
    lid: str
    online: bool
    read_receipts: bool
    auto_reply: str | bool | None
    typing: bool
    fail_next: int
    withhold: str | None
    answer_retries: bool
    one_time_keys: bool
    strangers_need_token: bool
    passkey: bool
    devices: list[SandboxDevice]


class SandboxScan(ApiRequest):
    """The text of a QR code."""

    qr: Annotated[str, Field(max_length=2_000)]


class SandboxCode(ApiRequest):
    """A pairing code, with or without its dash."""

    code: Annotated[str, Field(max_length=40)]


# -- messages


def _is_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise PydanticCustomError("base64", "Input should be base 64") from None
    return text


class SandboxFile(ApiRequest):
    """A file."""

    base64: Annotated[str, AfterValidator(_is_base64)]
    mimetype: Annotated[str, Field(max_length=200)] = "application/octet-stream"
    filename: Annotated[str, Field(max_length=500)] = ""

    def file(self) -> File:
        return File(content=base64.b64decode(self.base64), mimetype=self.mimetype, filename=self.filename)


class SandboxSend(ApiRequest):
    """A message: a text, or a file with or without a caption."""

    to: Annotated[str, Field(max_length=80)]
    """A number, a JID, a LID or a group. A LID makes the phone write by LID."""
    type: Literal["text", "image", "video", "audio", "document"] | None = None
    """How a file is sent; the mimetype decides if it is left out."""
    text: Annotated[str, Field(min_length=1, max_length=_MAX_TEXT)] | None = None
    media: SandboxFile | None = None
    caption: Annotated[str, Field(max_length=_MAX_TEXT)] = ""
    quote: Annotated[str, Field(max_length=200)] = ""
    """The `waId` of a message to answer."""

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if (self.text is None) == (self.media is None):
            raise PydanticCustomError("one_content", "Give either `text` or `media`")
        if self.type is not None and (self.type == "text") != (self.media is None):
            raise PydanticCustomError("one_content", "`type` does not fit what is given")
        return self

    def media_kind(self) -> MediaKind:
        if self.type is not None:
            return MediaKind(self.type)
        return kind_for(self.media.mimetype if self.media is not None else "")


class SandboxSent(ApiModel):
    """A message that was sent."""

    wa_id: str


class SandboxShownFile(ApiModel):
    """A file that came with a message, after it was really downloaded and decrypted."""

    mimetype: str
    filename: str
    size: int
    sha256: str
    """Of the decrypted bytes, hex; empty if there are none."""
    error: str | None
    """Why the file could not be had."""


class SandboxMessage(ApiModel):
    """A message on the phone's screen."""

    seq: int
    wa_id: str
    from_: Annotated[str, Field(alias="from")]
    """The number of who wrote it."""
    to: str
    """The number it was written to, or the group."""
    chat: str | None
    """The group's JID; null in a chat of two."""
    type: str
    text: str | None
    caption: str | None
    quoted: str | None
    """The `waId` that it answers, reacts to, edits or revokes."""
    media: SandboxShownFile | None
    at: Timestamp
    seen: int
    """How many copies of it were decrypted; it is shown once."""

    @classmethod
    def of(cls, shown: Shown) -> Self:
        media = shown.media
        return cls(
            seq=shown.seq,
            wa_id=shown.wa_id,
            from_=shown.sender,
            to=shown.to,
            chat=shown.group or None,
            type=shown.kind.value,
            text=shown.text or None,
            caption=shown.caption or None,
            quoted=shown.quoted or None,
            media=None
            if media is None
            else SandboxShownFile(
                mimetype=media.mimetype,
                filename=media.filename,
                size=media.size,
                sha256=media.sha256,
                error=media.error or None,
            ),
            at=shown.at,
            seen=shown.seen,
        )


# -- groups


class NewSandboxGroup(ApiRequest):
    """A group to be made."""

    subject: Annotated[str, Field(min_length=1, max_length=100)]
    members: Annotated[list[_Number], Field(min_length=1, max_length=1_024)]
    creator: _Number | None = None


class SandboxGroup(ApiModel):
    """A group."""

    id: str
    subject: str
    creator: str
    members: list[str]
    admins: list[str]

    @classmethod
    def of(cls, group: Group) -> Self:
        return cls(
            id=str(group.jid),
            subject=group.subject,
            creator=group.creator,
            members=list(group.members),
            admins=sorted(group.admins),
        )


# -- the record and the faults


class SandboxCipher(ApiModel):
    """A ciphertext as it shows itself without keys."""

    to: str
    kind: str
    chain: str
    """Hex: the sender's ratchet key, or the id of a sender key."""
    counter: int


class SandboxWireEntry(ApiModel):
    """A stanza, or an event of a connection."""

    seq: int
    at: datetime
    session: str
    direction: Direction
    stanza: str
    connection: int
    """Which connection, counted from 1; 0 if there was none yet."""
    id: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    participant: str
    type: str
    detail: str
    error: str
    offline: bool
    ciphers: list[SandboxCipher]
    receipt_ids: list[str]


class NewSandboxFault(ApiRequest):
    """What shall go wrong. It ends after `times` strikes or `seconds`, whichever comes first, or when all are
    cleared; for a delay, `seconds` is the delay."""

    kind: FaultKind
    stanza: StanzaKind | None = None
    direction: Direction | None = None
    session: Annotated[str, Field(max_length=80)] | None = None
    """Only this device (its JID) or this number's devices."""
    times: int | None = None
    seconds: float | None = None
    code: int | None = None
    close_as: CloseAs | None = None
    chain: ForgedChain | None = None


class SandboxFault(ApiModel):
    """A fault that is switched on."""

    kind: FaultKind
    stanza: StanzaKind | None
    direction: Direction
    session: str | None
    times: int | None
    seconds: float | None
    code: int
    close_as: CloseAs
    chain: ForgedChain | None
