"""Messages that could not be read: ours that a device asks for again, and others' that we ask for again."""

from google.protobuf.message import DecodeError

from wagate.core.ids import SessionId
from wagate.core.logging import get_logger
from wagate.engine.native import prekeys
from wagate.engine.native.cipher import Cipher
from wagate.engine.native.directory import Directory, read_bundle
from wagate.engine.native.line import Line
from wagate.engine.native.lru import Lru
from wagate.engine.native.redelivery import Redelivery
from wagate.engine.native.reporting import give_secret
from wagate.engine.port import SentMessage
from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.signal import BadBundle

_log = get_logger("engine.native")

#: So many times a device is given a message that it can't read, and asked for one that we can't (WhatsApp Web).
MAX_RETRIES = 5
#: Messages whose retries are counted, of each link and direction.
_COUNTED = 256


class Retries:
    """Both directions for one link."""

    def __init__(
        self,
        session: SessionId,
        line: Line,
        directory: Directory,
        cipher: Cipher,
        redelivery: Redelivery,
        sent_message: SentMessage | None,
    ) -> None:
        self._session = session
        self._line = line
        self._directory = directory
        self._cipher = cipher
        self._redelivery = redelivery
        self._sent_message = sent_message
        self._given: Lru[tuple[str, str], int] = Lru(_COUNTED)
        self._asked: Lru[tuple[str, str], int] = Lru(_COUNTED)

    # -- others' messages

    def ask_again(self, stanza: Node, *, with_keys: bool) -> bool:
        """Have a message sent again once what is recorded now is stored; false if that was done often enough. With our
        keys the sender can begin a new session at once.
        """
        sender, message_id = stanza.get("participant") or stanza.get("from"), stanza.get("id")
        count = (self._asked.get((sender, message_id)) or 0) + 1
        if count > MAX_RETRIES:
            return False
        self._asked.put((sender, message_id), count)
        registration = self._line.device.registration_id.to_bytes(4, "big")
        retry = {"count": str(count), "id": message_id, "t": stanza.get("t"), "v": "1", "error": "0"}
        content = [Node("retry", retry), Node("registration", {}, registration)]
        if with_keys or count > 1:
            content += prekeys.bundle_for_retry(self._line)
        attrs: dict[str, Attr] = {"id": message_id, "to": stanza.attrs["from"], "type": "retry"}
        attrs |= {name: stanza.attrs[name] for name in ("participant", "recipient") if name in stanza.attrs}
        self._line.post(Node("receipt", attrs, content))
        return True

    # -- our messages

    async def send_again(self, receipt: Node) -> None:
        """A device could not read a message of ours: begin a new session, send it again under its id, and return when
        the server has it.

        :raises TimeoutError: if the server does not say so.
        """
        reader = receipt.jid("participant") or receipt.jid("from")
        chat = receipt.jid("from")
        message_id = receipt.get("id")
        if reader is None or chat is None or self._sent_message is None:
            return
        times = (self._given.get((str(reader), message_id)) or 0) + 1
        if times > MAX_RETRIES:
            _log.warning("a device can't read a message of ours", times=MAX_RETRIES)
            return
        self._given.put((str(reader), message_id), times)
        stored = await self._sent_message(self._session, message_id)
        if stored is None:
            _log.info("a message is asked for again and not kept any more")
            return
        try:
            message = wa.Message.FromString(stored)
            give_secret(message, self._line.device, message_id)
            await self._renew(reader, receipt)
        except (DecodeError, BadBundle) as error:
            _log.warning("a message can't be sent again", reason=str(error))
            return
        retry = receipt.child("retry")
        count = (retry.number("count") if retry is not None else None) or 1
        where = (
            receipt.jid("recipient")
            if self._line.device.is_own(reader) and not (chat.is_group or chat.is_status)
            else chat
        )
        given = await self._redelivery.give(reader, where, message, message_id, count=count)
        if not given:
            _log.warning("a message can't be sent again", reason="no session with the device")

    async def _renew(self, reader: Jid, receipt: Node) -> None:
        keys = receipt.child("keys")
        bundle = None
        if keys is not None:
            registration = receipt.child("registration")
            parts = [*keys.children, *([registration] if registration is not None else [])]
            bundle = read_bundle(Node("keys", {}, parts))
        if bundle is None:
            name = await self._directory.canonical(reader)
            bundle = (await self._directory.bundles([name])).get(name)
        if bundle is not None:
            await self._cipher.renew(reader, bundle)
