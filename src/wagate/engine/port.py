"""All that the rest of the program knows about an engine.

An engine links, logs in, holds the socket, encrypts for a recipient's devices and decrypts from them, and passes
nodes both ways. What a picture, a poll or a group *is* stands above this line.

Promises that every engine keeps, and tests/contracts holds it to:

* No result of a Signal operation is used before the state it leaves behind is committed under the session's epoch.
* What arrives (a message's plaintext, a receipt, a notification) is committed to the inbox before its receipt or
  acknowledgement leaves; it is handed over in order, again after a restart, until it is taken off the inbox.
* ``relay`` returns only when WhatsApp's server has acknowledged the message, and the caller's id is used unchanged.
* An engine never reconnects by itself: it says ``Closed`` once and is done.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from wagate.core.errors import Conflict, Unprocessable, WagateError
from wagate.core.ids import SessionId
from wagate.wire.jid import Jid
from wagate.wire.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a linked session is. ``jid`` and ``lid`` carry the device number."""

    jid: Jid
    lid: Jid | None
    push_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDevice:
    """A device that was linked elsewhere, with its keys."""

    identity: Identity
    records: "Records" = field(repr=False)


# -- events, in the past tense, each with what follows it ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QrIssued:
    """A code to show until ``expires_at``; another follows, or ``Linked``, or ``Closed`` with 408."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyWanted:
    """The account that scanned the code is protected by a passkey: whoever holds it has to answer until ``expires_at``,
    by :meth:`EngineSession.answer_passkey`. Codes are of no use any more. ``Linked`` follows, or ``Closed`` with 408.

    ``options`` are WebAuthn's ``PublicKeyCredentialRequestOptions`` as JSON, bytes in base64url.
    """

    options: Mapping[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A phone accepted the link and keys are stored. WhatsApp now restarts the stream: ``Closed`` with 515 follows."""

    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """Logged in; relay, query and send work until ``Closed``."""

    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The connection is over; nothing follows. ``code`` as in docs/reference/disconnects.md, 0 if we closed it.

    ``retry_at`` is set for a temporary ban.
    """

    code: int
    reason: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Rows were added to the session's inbox; read them with :class:`InboxReader`."""


EngineEvent = QrIssued | PasskeyWanted | Linked | Online | Closed | Arrived


class InboxKind(StrEnum):
    MESSAGE = "message"
    RECEIPT = "receipt"
    NOTIFICATION = "notification"
    CALL = "call"
    UNDECRYPTABLE = "undecryptable"
    #: A setting that the account's devices share ("app state") changed.
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """One thing that arrived. ``stanza`` has its attributes and, unless it is a message, its content.

    ``plaintext`` is a serialised ``Message`` for :attr:`InboxKind.MESSAGE` (padding removed), else empty.

    :attr:`InboxKind.SETTING` is no stanza of WhatsApp's, so it gets one: ``<setting collection version operation index
    action>``. ``operation`` is ``set`` (``plaintext`` is a serialised ``SyncActionValue``), ``remove``, or ``begin``:
    the collection is told from its beginning, and what no later item sets is not set. ``index`` is the setting's name,
    a JSON list of texts such as ``["mute","1@s.whatsapp.net"]``, and ``action`` the version of its format. Items of one
    collection come in the order of its versions, each once; own changes are told like those of others.
    """

    seq: int
    kind: InboxKind
    stanza: Node
    plaintext: bytes
    received_at: datetime


# -- failures ---------------------------------------------------------------------------------------------------


class RelayRefused(WagateError):
    """WhatsApp's server refused the message; it was not sent."""

    code = "relay_refused"
    status = 422
    certain = True

    def __init__(self, server_code: int, detail: str = "") -> None:
        super().__init__(detail or f"WhatsApp refused the message with error {server_code}")
        self.server_code = server_code


class RelayUnknown(WagateError):
    """The connection ended before WhatsApp answered; the message may or may not have been sent."""

    code = "outcome_unknown"
    status = 503
    certain = False


class RelayImpossible(WagateError):
    """The message could not be encrypted or written; it was not sent."""

    code = "relay_impossible"
    status = 503
    certain = True


class RecipientUnknown(RelayImpossible):
    """The recipient is not on WhatsApp."""

    code = "relay_recipient_unknown"
    status = 422


class QueryFailed(WagateError):
    """WhatsApp answered the query with an error, or not in time (``server_code`` 408)."""

    code = "query_failed"
    status = 503

    def __init__(self, server_code: int, detail: str = "") -> None:
        super().__init__(detail or f"WhatsApp answered the query with error {server_code}")
        self.server_code = server_code


class EngineUnavailable(WagateError):
    """The engine of this session is not running."""

    code = "engine_unavailable"
    status = 503
    certain = True


class PasskeyUnsupported(Unprocessable):
    """The engine of this session can't link an account that is protected by a passkey; the native engine can."""

    code = "passkey_unsupported"


class PasskeyNotWanted(Conflict):
    """WhatsApp does not ask this session for a passkey now; scan its code first."""

    code = "passkey_not_wanted"


class PasskeyExpired(Conflict):
    """WhatsApp's question for the passkey is too old to be answered; connect and scan again."""

    code = "passkey_expired"


class PasskeyAnswered(Conflict):
    """WhatsApp's question for the passkey has been answered already."""

    code = "passkey_answered"


class WrongEngine(Conflict):
    """The keys of this session are another engine's: choose the engine that it shall run on."""

    code = "wrong_engine"
    certain = True


class KeysUnreadable(Unprocessable):
    """A key of this session is not what it should be; nothing was changed."""

    code = "keys_unreadable"

    def __init__(self, detail: str = "", record: tuple[str, str] | None = None) -> None:
        """``record`` is the kind and key of the value that can't be read."""
        super().__init__(detail or (f"the stored {record[0]} {record[1]!r} can't be read" if record else ""))
        self.record = record


class AuthFolderUnreadable(Unprocessable):
    """This is not the auth folder of a Baileys program that is linked; nothing was stored."""

    code = "auth_folder_unreadable"


# -- what an engine is given ------------------------------------------------------------------------------------

#: All that an engine keeps for a session: values by kind and key.
Records = Mapping[tuple[str, str], bytes]

#: A recipient asks again for a message of ours: the serialised ``Message`` sent under that id, if we still have it.
SentMessage = Callable[[SessionId, str], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStateBlob:
    """App state that was too large for its stanza, on WhatsApp's media hosts.

    ``direct_path`` is relative to one of them. ``size`` (bytes; 0 if untold) and ``sha256`` are of the plain file,
    ``enc_sha256`` of the encrypted one.
    """

    direct_path: str
    media_key: bytes = field(repr=False)
    sha256: bytes
    enc_sha256: bytes
    size: int = 0


class BlobUnavailable(WagateError):
    """No media host gave the file out; it is worth another try."""

    code = "blob_unavailable"
    status = 503


class BlobBroken(WagateError):
    """The file is gone, too large, or not what was announced; another try would not help."""

    code = "blob_broken"
    status = 502


#: Fetches, checks and decrypts what a session's app state refers to; the connection is asked where the hosts are.
#: Raises :class:`BlobUnavailable` or :class:`BlobBroken`.
FetchBlob = Callable[[SessionId, "EngineSession", AppStateBlob], Awaitable[bytes]]


class Mover(Protocol):
    """Makes keys of one engine into keys of another. Pure: what it gives is stored by the caller, all or nothing."""

    def convert(self, records: Records, to: str) -> Records:
        """All records that the engine of that name needs; none if ``records`` hold no linked device.

        :raises KeysUnreadable: if one of them is not what it should be.
        """
        ...

    def read_folder(self, files: Mapping[str, object], to: str) -> "LinkedDevice":
        """The device in the JSON files (by their names) of Baileys' ``useMultiFileAuthState``.

        :raises AuthFolderUnreadable: naming the file that is not what it should be.
        """
        ...


class Burner(Protocol):
    """Says what of a device may be used again after it went back in time. Pure."""

    #: Kinds of record of which nothing is ever kept.
    burnt_kinds: frozenset[str]
    #: Kinds of record that come and go so fast that no backup is taken because of them.
    fleeting_kinds: frozenset[str]

    def keep(self, records: Records) -> Records:
        """What of the records a backup holds.

        :raises KeysUnreadable: if one of them is not what it should be.
        """
        ...

    def burn(self, records: Records) -> Records:
        """The records with which the device goes on, so that it uses no message key again; none if there is no device.

        :raises KeysUnreadable: as :meth:`keep`.
        """
        ...


class Faults(Protocol):
    """Where a test may step in: called with the name of the point, it may raise, wait, or kill something."""

    async def __call__(self, point: str, session: SessionId) -> None: ...


# -- the port ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What an engine connects to: WhatsApp itself, or a sandbox."""

    #: The pinned key that signs WhatsApp's Noise certificate chain; a public constant of every client.
    WHATSAPP_ROOT: ClassVar[bytes] = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")

    url: str = "wss://web.whatsapp.com/ws/chat"
    root_key: bytes = WHATSAPP_ROOT
    #: A certificate authority to trust besides the system's (PEM): the sandbox's own.
    ca_pem: str = ""


class EventSink(Protocol):
    """Where a session's events go, one call at a time and in order. It must not raise."""

    async def __call__(self, event: EngineEvent) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAssertion:
    """What a passkey's holder answers, from WebAuthn's ``AuthenticationResponseJSON``; bytes in unpadded base64url."""

    id: str
    raw_id: str
    client_data: str
    authenticator_data: str
    signature: str = field(repr=False)
    user_handle: str | None = None


class EngineSession(Protocol):
    """One open connection of one linked (or linking) device."""

    @property
    def proxy(self) -> str:
        """The HTTP proxy that this connection goes through, and files of the session, too; empty for none."""
        ...

    @property
    def links_by_passkey(self) -> bool:
        """Whether it can link an account that is protected by a passkey."""
        ...

    async def relay(
        self,
        to: Jid,
        message: bytes,
        message_id: str,
        attributes: Mapping[str, str] = ...,
        recipients: Collection[Jid] = ...,
    ) -> datetime:
        """Encrypt ``message`` (a serialised ``Message``) for every device of ``to`` and send it; returns the
        server's time once it acknowledged. Calls may overlap; they reach the wire in the order they were made.

        A status (to ``status@broadcast``) is for the accounts in ``recipients``, which is empty otherwise: WhatsApp's
        server keeps no list of those who may see one.

        :raises RelayRefused: the server answered with an error.
        :raises RelayUnknown: no answer came.
        :raises RelayImpossible: nothing left; :class:`RecipientUnknown` if there is nobody to send to.
        """
        ...

    async def query(self, node: Node, timeout: float = ...) -> Node:
        """Send an ``iq`` (its id is set here) and return the answer.

        :raises QueryFailed: for an error answer or none within ``timeout`` seconds.
        """
        ...

    async def send(self, node: Node) -> None:
        """Send a stanza that has no answer."""
        ...

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        """Phone numbers' addresses and the LIDs that belong to the same accounts, from a source that may be trusted;
        returns once they are stored. Sessions made under a number are then used under its LID.

        :raises EngineUnavailable: if the connection is closed.
        """
        ...

    async def request_pairing_code(self, phone: str) -> str:
        """Ask to link by code with the phone of that number (digits only) instead of by QR; the 8 characters."""
        ...

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        """Answer :class:`PasskeyWanted`; returns when WhatsApp has taken it, and linking goes on.

        :raises PasskeyUnsupported: if this engine never asks.
        :raises PasskeyNotWanted, PasskeyExpired, PasskeyAnswered: if there is nothing to answer.
        :raises QueryFailed: if WhatsApp refuses it; another answer may be given.
        """
        ...

    async def logout(self) -> None:
        """Unlink this device from its account; ``Closed`` with 401 follows."""
        ...

    async def close(self) -> None:
        """End the connection and keep the link; ``Closed`` with 0 follows unless it already came."""
        ...

    def vitals(self) -> "Vitals":
        """Evidence of life."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """When the last frame came, and the last ping's round trip; ``None`` until there was one.

    ``unreadable_settings`` names the collections of the app state that do not hold: nothing of them is believed or
    written until they are fetched whole, at the next change or login.
    """

    last_frame_at: datetime | None = None
    ping_ms: float | None = None
    unreadable_settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """What a session is opened with. ``epoch`` is the fencing token of the lease it runs under."""

    session: SessionId
    epoch: int
    endpoint: Endpoint
    #: The URL of the proxy that everything of this session goes through, with its password; empty for none. A single
    #: engine takes an HTTP proxy; :class:`~wagate.engine.choice.EngineChoice` takes any of a customer's.
    proxy: str = field(default="", repr=False)
    device_name: str = "wagate"
    #: The name of the engine, where there is a choice.
    engine: str = ""


class Engine(Protocol):
    """An implementation of WhatsApp's protocol."""

    name: ClassVar[str]

    async def start(self) -> None:
        """Make ready; cheap if nothing is open yet."""
        ...

    async def open(self, request: OpenRequest, sink: EventSink) -> EngineSession:
        """Connect. Links anew if there are no stored keys, otherwise logs in.

        :raises WrongEngine: if the stored keys are another engine's; they are left as they are.
        """
        ...

    async def stop(self) -> None:
        """Close every session, keeping the links."""
        ...
