"""Every frame between the host (Python) and the bridge (Node), and nothing else.

This module is the only source: ``scripts/gen_protocol.py`` writes ``bridge/src/protocol.gen.ts`` from it, and a test
holds the two together. A frame is a MessagePack map whose ``t`` names its type, behind a 4-byte big-endian length.

``link`` numbers one open connection; a reopened session gets a new number, so frames of an old connection that are
still under way never reach the new one. ``call`` numbers a question within a link and comes back in its answer; host
and bridge count their own.

Stanzas travel as Baileys has them, with JIDs as strings; :mod:`wagate.engine.stanza` converts at the boundary. What
the bridge stores is opaque bytes to the host.
"""

from typing import Final

import msgspec

#: Raised whenever a frame changes its meaning; both sides compare it before anything else is said.
VERSION: Final = 4

#: The longest frame either side accepts. The largest ones carry a stanza with an inline history sync.
MAX_FRAME: Final = 64 * 1024 * 1024


class Stanza(msgspec.Struct, array_like=True, frozen=True):
    """``[tag, attributes, content]``. Text content travels as bytes."""

    tag: str
    attrs: dict[str, str]
    content: "list[Stanza] | bytes | None" = None


class Change(msgspec.Struct, array_like=True, frozen=True):
    """``[kind, key, value]``: one stored value set, or deleted if ``value`` is null."""

    kind: str
    key: str
    value: bytes | None


class Arrival(msgspec.Struct, array_like=True, frozen=True):
    """``[kind, waId, digest, stanza, plaintext, hidden]``: one row for the inbox.

    ``digest`` is the SHA-256 of the ciphertext (of the whole stanza for what comes in the clear), by which a
    redelivery finds it. A hidden row is kept for redeliveries only and never handed on.
    """

    kind: str
    wa_id: str
    digest: bytes
    stanza: Stanza
    plaintext: bytes
    hidden: bool


class LidOfPn(msgspec.Struct, array_like=True, frozen=True):
    """``[pn, lid]``: two JIDs of one account, without device."""

    pn: str
    lid: str


class _Frame(msgspec.Struct, tag_field="t", rename="camel", frozen=True, kw_only=True):
    pass


# -- host to bridge: what to do -------------------------------------------------------------------------------------


class Open(_Frame, frozen=True, kw_only=True):
    """Connect. ``creds`` is what was last committed as kind ``creds``; null links a new device. ``proxy`` is the URL of
    an HTTP proxy with its credential, or empty. With ``wire_log`` the bridge tells every stanza, both ways, as
    ``Wire``.
    """

    link: int
    session: str
    epoch: int
    url: str
    root_key: bytes
    device_name: str
    creds: bytes | None
    proxy: str
    wire_log: bool


class Close(_Frame, frozen=True, kw_only=True):
    """End the connection and keep the link; ``Closed`` with 0 follows."""

    link: int


class Logout(_Frame, frozen=True, kw_only=True):
    """Unlink the device; ``Done``, then ``Closed`` with 401 follow."""

    link: int
    call: int


class AskPairingCode(_Frame, frozen=True, kw_only=True):
    """Link by code with the phone of that number; ``PairingCode`` or ``Failed`` follows."""

    link: int
    call: int
    phone: str


class LearnLids(_Frame, frozen=True, kw_only=True):
    """Which LIDs belong to which phone numbers; ``Done`` follows once that is committed."""

    link: int
    call: int
    pairs: list[LidOfPn]


class Relay(_Frame, frozen=True, kw_only=True):
    """Encrypt and send a serialised ``Message``; ``Acked`` or ``NotSent`` follows. Kept in order within a link."""

    link: int
    call: int
    to: str
    message: bytes
    message_id: str
    attributes: dict[str, str]
    #: Whom a status is for.
    recipients: list[str]


class Query(_Frame, frozen=True, kw_only=True):
    """Send an ``iq``; ``Answered`` or ``Failed`` follows."""

    link: int
    call: int
    node: Stanza
    timeout_ms: int


class Send(_Frame, frozen=True, kw_only=True):
    """Send a stanza that has no answer; ``Done`` or ``Failed`` follows once it is written."""

    link: int
    call: int
    node: Stanza


# -- host to bridge: answers ----------------------------------------------------------------------------------------


class Committed(_Frame, frozen=True, kw_only=True):
    """The commit of that number is durable, or (``ok`` false) refused: then the link is over."""

    link: int
    commit: int
    ok: bool


class Loaded(_Frame, frozen=True, kw_only=True):
    """The values asked for by ``Load``, in the order of its keys."""

    link: int
    call: int
    values: list[bytes | None]


class Found(_Frame, frozen=True, kw_only=True):
    """The plaintext asked for by ``Find``."""

    link: int
    call: int
    plaintext: bytes | None


class Sent(_Frame, frozen=True, kw_only=True):
    """The serialised ``Message`` asked for by ``FetchSent``."""

    link: int
    call: int
    message: bytes | None


# -- bridge to host: what happened ----------------------------------------------------------------------------------


class Ready(_Frame, frozen=True, kw_only=True):
    """The first frame of a bridge."""

    version: int
    pid: int
    baileys: str
    node: str


class Qr(_Frame, frozen=True, kw_only=True):
    """A code to show for ``lifetime_ms``."""

    link: int
    code: str
    lifetime_ms: int


class Paired(_Frame, frozen=True, kw_only=True):
    """A phone accepted the link and the keys are committed."""

    link: int
    jid: str
    lid: str
    push_name: str


class Online(_Frame, frozen=True, kw_only=True):
    """Logged in."""

    link: int
    jid: str
    lid: str
    push_name: str


class Closed(_Frame, frozen=True, kw_only=True):
    """The connection is over and this is the link's last frame. ``retry_at`` is in seconds since 1970."""

    link: int
    code: int
    reason: str
    retry_at: float | None


class ProxyAnswered(_Frame, frozen=True, kw_only=True):
    """The proxy gave no connection and answered with that HTTP status; ``Closed`` follows."""

    link: int
    status: int


class Pulse(_Frame, frozen=True, kw_only=True):
    """Evidence of life: when the last frame came (seconds since 1970) and the last ping's round trip."""

    link: int
    last_frame_at: float | None
    ping_ms: float | None


class Note(_Frame, frozen=True, kw_only=True):
    """Something worth a log line; ``what`` is a constant, ``detail`` carries no content and no keys."""

    link: int
    level: str
    what: str
    detail: str


class Wire(_Frame, frozen=True, kw_only=True):
    """A stanza that came, or that Baileys has ``sent``; it may still wait for a commit before it leaves."""

    link: int
    sent: bool
    node: Stanza


# -- bridge to host: answers ----------------------------------------------------------------------------------------


class Acked(_Frame, frozen=True, kw_only=True):
    """WhatsApp's server acknowledged the relayed message at ``at`` (seconds since 1970)."""

    link: int
    call: int
    at: float


class NotSent(_Frame, frozen=True, kw_only=True):
    """The relayed message failed. ``cause`` is ``refused``, ``unknown``, ``impossible`` or ``recipient``."""

    link: int
    call: int
    cause: str
    code: int
    detail: str


class Answered(_Frame, frozen=True, kw_only=True):
    """The answer to a query."""

    link: int
    call: int
    node: Stanza


class PairingCode(_Frame, frozen=True, kw_only=True):
    """The code to type on the phone."""

    link: int
    call: int
    code: str


class Done(_Frame, frozen=True, kw_only=True):
    """What was asked is done."""

    link: int
    call: int


class Failed(_Frame, frozen=True, kw_only=True):
    """What was asked failed with WhatsApp's ``code`` (408: no answer in time, 0: nothing of WhatsApp's)."""

    link: int
    call: int
    code: int
    detail: str


# -- bridge to host: questions --------------------------------------------------------------------------------------


class Commit(_Frame, frozen=True, kw_only=True):
    """Make these changes and inbox rows durable, all or none, if ``epoch`` still rules; ``Committed`` answers.

    A link has one commit under way at a time, so a refused one is never followed by a later one.
    """

    link: int
    commit: int
    epoch: int
    changes: list[Change]
    arrivals: list[Arrival]


class Load(_Frame, frozen=True, kw_only=True):
    """Which values are stored for these keys? ``Loaded`` answers."""

    link: int
    call: int
    kind: str
    keys: list[str]


class Find(_Frame, frozen=True, kw_only=True):
    """Which plaintext did the ciphertext with this SHA-256 have? ``Found`` answers."""

    link: int
    call: int
    digest: bytes


class FetchSent(_Frame, frozen=True, kw_only=True):
    """A recipient asks again for a message of ours; ``Sent`` answers."""

    link: int
    call: int
    message_id: str


ToBridge = Open | Close | Logout | AskPairingCode | LearnLids | Relay | Query | Send | Committed | Loaded | Found | Sent
FromBridge = (
    Ready
    | Qr
    | Paired
    | Online
    | Closed
    | ProxyAnswered
    | Pulse
    | Note
    | Wire
    | Acked
    | NotSent
    | Answered
    | PairingCode
    | Done
    | Failed
    | Commit
    | Load
    | Find
    | FetchSent
)
