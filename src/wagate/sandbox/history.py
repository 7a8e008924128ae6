"""The chats that a phone had before a device was linked, as it hands them over."""

import zlib

from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa

_PROTOCOL = wa.Message.ProtocolMessage


def history_notice(own: Jid, name: str, mappings: list[tuple[Jid, Jid]]) -> wa.Message:
    """The peer message that ends a new device's wait for chats: a history without any, inline.

    ``mappings`` are phone numbers and LIDs that belong together.
    """
    history = wa.HistorySync(syncType=wa.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP, chunkOrder=0, progress=100)
    history.pushnames.add(id=str(own.bare), pushname=name)
    for number, lid in mappings:
        history.phoneNumberToLidMappings.add(pnJid=str(number.bare), lidJid=str(lid.bare))
    message = wa.Message()
    message.protocolMessage.type = _PROTOCOL.HISTORY_SYNC_NOTIFICATION
    notice = message.protocolMessage.historySyncNotification
    notice.syncType = wa.Message.HistorySyncType.INITIAL_BOOTSTRAP
    notice.chunkOrder = 0
    notice.progress = 100
    notice.initialHistBootstrapInlinePayload = zlib.compress(history.SerializeToString())
    return message
