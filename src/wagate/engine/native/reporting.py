"""The secret that each message of ours carries, and the reporting token made with it."""

from wagate.engine.native.device import Device
from wagate.wire.jid import Jid
from wagate.wire.keys import hkdf
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.reporting import SECRET_BYTES, VERSION, is_reportable, reporting_token


def give_secret(message: wa.Message, device: Device, message_id: str) -> None:
    """Put a ``messageSecret`` into a message that clients report and that has none.

    It follows from the device's key and the id, so that a message has the same one whenever it is sent again.
    """
    if is_reportable(message) and not message.messageContextInfo.messageSecret:
        secret = hkdf(device.identity, SECRET_BYTES, info=b"wagate message secret " + message_id.encode())
        message.messageContextInfo.messageSecret = secret


def reporting(message: wa.Message, message_id: str, sender: Jid, chat: Jid) -> list[Node]:
    """``<reporting>`` of the message stanza, if there is anything to report. ``sender`` is we, as ``chat`` names us."""
    secret = message.messageContextInfo.messageSecret
    if not secret or not is_reportable(message):
        return []
    token = reporting_token(message.SerializeToString(), secret, message_id, sender, chat)
    return [Node("reporting", {}, [Node("reporting_token", {"v": VERSION}, token)])] if token else []
