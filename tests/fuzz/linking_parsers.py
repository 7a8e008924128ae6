"""What comes while a device is linked."""

import hmac
from collections.abc import Callable

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import CLIENT, ENTROPY, SERVER, Parser
from wagate.wire import adv
from wagate.wire.pairing import DeviceSide, PairingRefused, PhoneSide
from wagate.wire.proto import wa_pb2 as wa

# -- linking ----------------------------------------------------------------------------------------------------------


def _issued(entropy: Callable[[int], bytes]) -> adv.Issued:
    return adv.issue(SERVER, CLIENT.public, key_index=3, timestamp=1_700_000_000, adv_secret=bytes(32), entropy=entropy)


_BLOB = _issued(ENTROPY).blob
_IDENTITY = adv.accept(_BLOB, bytes(32), CLIENT, ENTROPY).identity
_REPLY = adv.accept(_BLOB, bytes(32), CLIENT, ENTROPY).reply
_DETAILS = _issued(ENTROPY).details


def _make_link_blob(m: Mutator) -> bytes:
    """Damaged from outside, or with a good HMAC, which whoever saw the QR text can make, over damaged details."""
    if m.rng.random() < 0.5:
        return m.some(_BLOB)
    details = m.some(wa.ADVSignedDeviceIdentityHMAC.FromString(_BLOB).details)
    return wa.ADVSignedDeviceIdentityHMAC(
        details=details, hmac=hmac.digest(bytes(32), details, "sha256")
    ).SerializeToString()


def _parse_link_blob(data: bytes) -> None:
    adv.accept(data, bytes(32), CLIENT, ENTROPY)


def _parse_identity(data: bytes) -> None:
    adv.check_device(data, CLIENT.public, SERVER.public)


def _parse_own_identity(data: bytes) -> None:
    """As anybody can sign: under an account key of their own."""
    adv.check_device(data, CLIENT.public)


def _parse_reply(data: bytes) -> None:
    adv.check_reply(data, _DETAILS, SERVER.public, CLIENT.public)


_QR = adv.QrText(ref="2@ref", noise=bytes(32), identity=bytes(32), adv_secret=bytes(32)).build().encode()

_DEVICE_SIDE = DeviceSide.begin("ABCD1234", ENTROPY)
_PHONE_SIDE = PhoneSide.answer("ABCD1234", _DEVICE_SIDE.wrapped, ENTROPY)
_BUNDLE, _ = _DEVICE_SIDE.finish(_PHONE_SIDE.wrapped, SERVER.public, CLIENT, ENTROPY)

LINKING = (
    Parser("link-blob", _make_link_blob, _parse_link_blob, (adv.IdentityRefused,), cost=2),
    Parser("device-identity", lambda m: m.some(_IDENTITY), _parse_identity, (adv.IdentityRefused,), cost=2),
    Parser("strangers-identity", lambda m: m.some(_IDENTITY), _parse_own_identity, (adv.IdentityRefused,), cost=2),
    Parser("link-reply", lambda m: m.some(_REPLY), _parse_reply, (adv.IdentityRefused,), cost=2),
    Parser("qr-text", lambda m: m.some(_QR), lambda d: adv.QrText.parse(d.decode("utf-8", "replace")), (ValueError,)),
    Parser(
        "code-bundle",
        lambda m: m.some(_BUNDLE),
        lambda d: _PHONE_SIDE.open(d, CLIENT.public, SERVER),
        (PairingRefused,),
        cost=2,
    ),
    Parser(
        "code-hello",
        lambda m: m.some(_PHONE_SIDE.wrapped),
        lambda d: _DEVICE_SIDE.finish(d, SERVER.public, CLIENT),
        (PairingRefused,),
        cost=400,
    ),
)
