"""The generated protobuf module is what wa.proto makes, and it keeps what it does not know."""

import importlib.util
from pathlib import Path
from types import ModuleType

from wagate.wire.proto import wa_pb2 as wa

ROOT = Path(__file__).resolve().parents[2]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_proto", ROOT / "scripts" / "gen_proto.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_not_stale() -> None:
    assert _generator().stale() == []


def test_a_zero_is_written_and_told_apart_from_an_absent_field() -> None:
    details = wa.CertChain.NoiseCertificate.Details(issuerSerial=0)
    assert details.SerializeToString() == bytes([2 << 3, 0])
    assert not wa.CertChain.NoiseCertificate.Details().HasField("issuerSerial")


def test_fields_left_out_of_the_cut_survive_a_round_trip() -> None:
    payment_invite = bytes([(44 << 3 | 2) & 0x7F | 0x80, (44 << 3 | 2) >> 7, 2, 8, 1])
    message = wa.Message.FromString(wa.Message(conversation="hi").SerializeToString() + payment_invite)
    assert message.conversation == "hi"
    assert payment_invite in message.SerializeToString()
