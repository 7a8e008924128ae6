"""What this device asks its account's phone, which alone has some keys and messages."""

from collections.abc import Sequence

from wagate.engine.native.line import Line
from wagate.engine.native.sending import Sender
from wagate.wire.proto import wa_pb2 as wa


class OwnPhone:
    """The phone that a link belongs to. Its answers are messages like others; here nothing waits for them."""

    def __init__(self, line: Line, sender: Sender) -> None:
        self._line = line
        self._sender = sender

    def ask_for_keys(self, key_ids: Sequence[bytes]) -> None:
        """Ask for keys of the app state."""
        message = wa.Message()
        message.protocolMessage.type = wa.Message.ProtocolMessage.APP_STATE_SYNC_KEY_REQUEST
        for key_id in key_ids:
            message.protocolMessage.appStateSyncKeyRequest.keyIds.add(keyId=key_id)
        self._line.spawn(lambda: self._tell(message, "high"), "asking the phone for app-state keys")

    def ask_for_messages(self, request: wa.Message) -> None:
        """Ask for messages that could not be read, as ``request`` lists them."""
        self._line.spawn(lambda: self._tell(request, "high_force"), "asking the phone for messages")

    async def _tell(self, message: wa.Message, priority: str) -> None:
        # How soon WhatsApp wakes the phone is said as whatsmeow and Baileys say it.
        phone, message_id = self._line.device.pn.bare, self._line.entropy(16).hex().upper()
        attributes = {"category": "peer", "push_priority": priority}
        await self._sender.relay(phone, message.SerializeToString(), message_id, attributes, ())
