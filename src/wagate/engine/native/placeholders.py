"""Messages that only our phone has: asked for there, and put into the inbox in their own place, once.

WhatsApp shows a placeholder for a message that a linked device was not sent or can't read, and asks the phone for it
(a "peer data operation"). Source: whatsmeow and Baileys 7.0.0-rc14.
"""

import hashlib
from collections.abc import Callable, Iterable

import msgspec
from google.protobuf.message import DecodeError

from wagate.core.logging import get_logger
from wagate.engine.native.contents import own_copy
from wagate.engine.native.line import Line
from wagate.engine.native.records import LACKING, Lacked, Lacking
from wagate.engine.port import InboxKind
from wagate.engine.protocol import Stanza
from wagate.engine.store import NewArrival
from wagate.wire.jid import Jid
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

#: A sender who is asked again gets so long before the phone is asked too (whatsmeow: 5 s, Baileys: 3 s and 2 s).
SENDER_SECONDS = 5.0
#: Messages of one link that are asked for or were answered lately. Beyond that nothing more is asked for: it is a
#: flood, and each request is a message of its own. One takes some 300 bytes.
MAX_LACKING = 256
#: How long an answer is waited for, and an answered message remembered: the phone may be off for a night.
_KEPT_SECONDS = 24 * 3600
#: Older messages the phone is not asked for (Baileys).
_TOO_OLD_SECONDS = 14 * 24 * 3600
#: What the phone would not give: what may be seen once, and what bots and hosted businesses wrote (Baileys).
_NOT_GIVEN = ("view_once", "bot", "hosted")

_PROTOCOL = wa.Message.ProtocolMessage

_log = get_logger("engine.native")


class Placeholders:
    """What one link lacks. Call :meth:`load` before anything else."""

    def __init__(self, line: Line, ask_phone: Callable[[wa.Message], None]) -> None:
        self._line = line
        self._ask_phone = ask_phone
        self._lacking: dict[str, Lacked] | None = None
        #: Asked for on this connection: of those before it nobody knows whether the request left.
        self._asked: set[str] = set()
        #: Asked for at their sender, by id with the sender.
        self._expected: dict[str, str] = {}

    async def load(self) -> None:
        """Read what earlier connections left."""
        if self._lacking is None:
            stored = await self._line.vault.load_one(LACKING, "")
            if self._lacking is None:
                self._lacking = dict(stored.messages) if stored is not None else {}

    def lacks(self, stanza: Node, sender: Jid) -> None:
        """Ask the phone for a message, unless that is under way or hopeless. ``sender`` is a device under the name by
        which it is known.
        """
        message_id, age = stanza.get("id"), self._line.now() - (stanza.number("t") or 0)
        if stanza.get("category") == "peer" or age > _TOO_OLD_SECONDS or _not_given(stanza):
            return
        lacking = self._current()
        known = lacking.get(message_id)
        if message_id in self._asked or (known is not None and known.answered):
            return
        if known is None and len(lacking) >= MAX_LACKING:
            _log.warning("too many messages are lacking", count=len(lacking))
            return
        attrs = {name: str(value) for name, value in stanza.attrs.items()}
        lacking[message_id] = Lacked(str(sender.bare), attrs, self._line.now())
        self._asked.add(message_id)
        self._record(lacking)
        self._ask_phone(self._request([(stanza, sender)]))

    async def ask_anew(self) -> None:
        """Ask for what earlier connections asked for and nobody gave: the request may not have left."""
        await self.load()
        wanted = {
            message_id: lacked
            for message_id, lacked in self._current().items()
            if not lacked.answered and message_id not in self._asked
        }
        if wanted:
            self._asked.update(wanted)
            stanzas = [(Node("message", lacked.attrs), Jid.parse(lacked.sender)) for lacked in wanted.values()]
            self._ask_phone(self._request(stanzas))

    def expect(self, stanza: Node, sender: Jid) -> None:
        """A message was asked for at its sender; if it does not come, the phone is asked."""
        message_id = stanza.get("id")
        if message_id in self._expected or len(self._expected) >= MAX_LACKING:
            return
        self._expected[message_id] = str(sender.bare)

        async def wait() -> None:
            await self._line.clock.sleep(SENDER_SECONDS)
            if self._expected.pop(message_id, None) is not None:
                self.lacks(stanza, sender)

        self._line.spawn(wait, "waiting for a message to be sent again")

    def arrived(self, message_id: str, sender: Jid) -> bool:
        """A message came from its sender after all; whether it is news. Belongs where its arrival is recorded."""
        name = str(sender.bare)
        if self._expected.get(message_id) == name:
            del self._expected[message_id]
        lacking = self._lacking if self._lacking is not None else {}
        known = lacking.get(message_id)
        if known is None or known.sender != name:
            return True
        if known.answered:
            return False
        self._drop(message_id)
        return True

    def answered(self, response: wa.Message.PeerDataOperationRequestResponseMessage) -> None:
        """The phone's answer. Heard twice it changes nothing."""
        lacking = self._current()
        for result in response.peerDataOperationResult:
            try:
                info = wa.WebMessageInfo.FromString(result.placeholderMessageResendResponse.webMessageInfoBytes)
            except DecodeError:
                _log.warning("an answer of the phone can't be read")
                continue
            message_id = info.key.id
            known = lacking.get(message_id)
            if known is None or known.answered:
                continue
            if not info.HasField("message"):
                self._drop(message_id)
                continue
            lacking[message_id] = msgspec.structs.replace(known, answered=True)
            self._record(lacking)
            self._line.journal.arrive(self._arrival(message_id, known, info))

    def _arrival(self, message_id: str, known: Lacked, info: wa.WebMessageInfo) -> NewArrival:
        attrs = known.attrs
        if info.messageTimestamp:
            attrs = {**attrs, "t": str(info.messageTimestamp)}
        message = info.message
        chat = attrs.get("recipient", "")
        if chat and self._line.device.is_own(Jid.parse(known.sender)):
            message = own_copy(Jid.parse(chat).bare, message)
        return NewArrival(
            kind=InboxKind.MESSAGE,
            wa_id=message_id,
            digest=hashlib.sha256(f"from our phone\0{known.sender}\0{message_id}".encode()).digest(),
            stanza=Stanza("message", attrs),
            plaintext=message.SerializeToString(),
        )

    def _request(self, wanted: Iterable[tuple[Node, Jid]]) -> wa.Message:
        """The request for messages, each by its stanza and sender."""
        message = wa.Message()
        message.protocolMessage.type = _PROTOCOL.PEER_DATA_OPERATION_REQUEST_MESSAGE
        request = message.protocolMessage.peerDataOperationRequestMessage
        request.peerDataOperationRequestType = wa.Message.PLACEHOLDER_MESSAGE_RESEND
        for stanza, sender in wanted:
            origin, author = stanza.jid("from") or sender, stanza.jid("participant")
            own = self._line.device.is_own(sender)
            chat = (stanza.jid("recipient") if own and author is None else None) or origin
            key = request.placeholderMessageResendRequest.add().messageKey
            key.id = stanza.get("id")
            key.fromMe = own
            key.remoteJid = str(chat.bare)
            if author is not None:
                key.participant = str(author.bare)
        return message

    def _current(self) -> dict[str, Lacked]:
        """What is lacking and not given up."""
        oldest = self._line.now() - _KEPT_SECONDS
        lacking = {i: lacked for i, lacked in (self._lacking or {}).items() if lacked.at >= oldest}
        self._asked &= lacking.keys()
        self._lacking = lacking
        return lacking

    def _drop(self, message_id: str) -> None:
        lacking = self._current()
        lacking.pop(message_id, None)
        self._asked.discard(message_id)
        self._record(lacking)

    def _record(self, lacking: dict[str, Lacked]) -> None:
        self._line.vault.put(LACKING, "", Lacking(dict(lacking)))


def _not_given(stanza: Node) -> bool:
    unavailable = stanza.child("unavailable")
    return unavailable is not None and unavailable.get("type").startswith(_NOT_GIVEN)
