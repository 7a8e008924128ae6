"""What comes while a device is linked, and from the proxy that it is reached through."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from tests.fuzz.mutate import Mutator
from tests.fuzz.parser import CLIENT, ENTROPY, SERVER, Parser
from wagate.engine.native.passkey import options_of
from wagate.engine.proxies import connect, socks
from wagate.engine.proxies.address import ProxyAddress
from wagate.engine.proxies.failures import ProxyFailed
from wagate.wire import adv, passkey
from wagate.wire.node import Node
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

# -- linking with a passkey -------------------------------------------------------------------------------------------

_PASSKEY_DEVICE = passkey.DeviceSide.begin("ref", wa.DeviceProps.CHROME, ENTROPY)
_PASSKEY_PHONE = passkey.PhoneSide.answer(_PASSKEY_DEVICE.prologue, ENTROPY)
_WANTED = passkey.Wanted(noise=CLIENT.public, identity=SERVER.public, adv_secret=bytes(32))
_PASSKEY_REQUEST = _PASSKEY_DEVICE.request(_PASSKEY_PHONE.identity, _WANTED, ENTROPY)
_PASSKEY_OPTIONS = b'{"challenge":"AAAA","rpId":"web.whatsapp.com","timeout":60000,"allowCredentials":[{"id":"AA"}]}'


def _parse_passkey_identity(data: bytes) -> None:
    _PASSKEY_DEVICE.request(passkey.PhoneIdentity.read(data), _WANTED, ENTROPY)


def _parse_passkey_prologue(data: bytes) -> None:
    passkey.PhoneSide.answer(data, ENTROPY).check_nonce(_PASSKEY_DEVICE.nonce)


def _parse_passkey_options(data: bytes) -> None:
    options_of(Node("notification", {}, [Node("passkey_request_options", {}, data)]))


# -- what a session's proxy answers -----------------------------------------------------------------------------------

_PROXY = ProxyAddress.parse("http://user:secret@proxy.example:3128")


class _Nowhere:
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


def _asking(ask: Callable[..., Awaitable[None]]) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        async def run() -> None:
            reader = asyncio.StreamReader()
            reader.feed_data(data)
            reader.feed_eof()
            await ask(reader, _Nowhere(), _PROXY, "web.whatsapp.com", 443)

        asyncio.run(run())

    return parse


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
    Parser(
        "passkey-identity",
        lambda m: m.some(_PASSKEY_PHONE.identity.serialised()),
        _parse_passkey_identity,
        (passkey.PasskeyLinkRefused,),
        cost=2,
    ),
    Parser(
        "passkey-prologue",
        lambda m: m.some(_PASSKEY_DEVICE.prologue),
        _parse_passkey_prologue,
        (passkey.PasskeyLinkRefused,),
        cost=2,
    ),
    Parser(
        "passkey-request",
        lambda m: m.some(_PASSKEY_REQUEST),
        _PASSKEY_PHONE.open,
        (passkey.PasskeyLinkRefused,),
        cost=2,
    ),
    Parser(
        "passkey-options", lambda m: m.some(_PASSKEY_OPTIONS, b'{"challenge":' + b"[" * 20_000), _parse_passkey_options
    ),
    Parser(
        "http-proxy",
        lambda m: m.some(b"HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n"),
        _asking(connect.ask),
        (ProxyFailed,),
        cost=4,
    ),
    Parser(
        "socks-proxy",
        lambda m: m.some(bytes((5, 2, 1, 0, 5, 0, 0, 1, 127, 0, 0, 1, 1, 187)), bytes((5, 0, 5, 0, 0, 3, 1, 97, 0, 1))),
        _asking(socks.ask),
        (ProxyFailed,),
        cost=4,
    ),
)
