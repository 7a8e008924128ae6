"""The secret of a message, and the token beside it."""

from wagate.engine.native.device import Device
from wagate.engine.native.reporting import give_secret, reporting
from wagate.wire.jid import Jid
from wagate.wire.proto import wa_pb2 as wa

SHOP, ADA = Jid("491700000001"), Jid("491700000002")


def secret_of(device: Device, message_id: str) -> bytes:
    message = wa.Message(conversation="hello")
    give_secret(message, device, message_id)
    return message.messageContextInfo.messageSecret


def test_a_secret_is_of_one_device_and_one_message_and_the_same_again() -> None:
    device, other = Device.generate(0), Device.generate(0)
    secret = secret_of(device, "3EB0AA")
    assert len(secret) == 32
    assert secret == secret_of(device, "3EB0AA")
    assert len({secret, secret_of(device, "3EB0AB"), secret_of(other, "3EB0AA")}) == 3


def test_a_secret_that_is_there_stays() -> None:
    message = wa.Message(conversation="hello")
    message.messageContextInfo.messageSecret = b"x" * 32
    give_secret(message, Device.generate(0), "3EB0AA")
    assert message.messageContextInfo.messageSecret == b"x" * 32


def test_what_only_concerns_another_message_has_neither() -> None:
    message = wa.Message()
    message.reactionMessage.text = "👍"
    give_secret(message, Device.generate(0), "3EB0AA")
    assert not message.HasField("messageContextInfo")
    assert reporting(message, "3EB0AA", SHOP, ADA) == []


def test_a_message_with_nothing_to_report_has_no_token() -> None:
    message = wa.Message()
    message.viewOnceMessage.message.imageMessage.caption = "only once"
    give_secret(message, Device.generate(0), "3EB0AA")
    assert reporting(message, "3EB0AA", SHOP, ADA) == []
