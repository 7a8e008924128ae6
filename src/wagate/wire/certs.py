"""The certificate chain in the server's handshake message.

Root signs the intermediate's details, the intermediate's key signs the leaf's, and the leaf's key is the server's
Noise static key. whatsmeow checks all of it; Baileys 7.0.0-rc14 none (libsignal's answer is ignored).
Facts: the intermediate's issuer serial is the root's serial 0 and must be written although it is zero.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from google.protobuf.message import DecodeError

from wagate.wire.keys import Entropy, KeyPair, sign, verify
from wagate.wire.proto import wa_pb2 as wa

ROOT_SERIAL = 0

_INTERMEDIATE_SERIAL = 1
_LEAF_SERIAL = 2
_BEFORE = timedelta(days=1)
_VALID = timedelta(days=365)

_Details = wa.CertChain.NoiseCertificate.Details


class ChainRefused(ValueError):
    """The chain does not prove that the server is who it should be."""


class ForgedChain(StrEnum):
    """The ways in which a chain can lie, each of which a client has to refuse."""

    OTHER_ROOT = "other-root"
    LEAF_BY_ANOTHER_KEY = "leaf-by-another-key"
    LEAF_OF_ANOTHER_SERVER = "leaf-of-another-server"
    LEAF_EXPIRED = "leaf-expired"
    LEAF_NOT_YET_VALID = "leaf-not-yet-valid"
    LEAF_OF_ANOTHER_ISSUER = "leaf-of-another-issuer"
    INTERMEDIATE_OF_ANOTHER_ISSUER = "intermediate-of-another-issuer"
    NO_SIGNATURES = "no-signatures"


def issue_chain(root: KeyPair, static: bytes, now: datetime, entropy: Entropy) -> bytes:
    """A chain under ``root`` for the server whose public Noise static key is ``static``; valid for a year."""
    return _issue(root, static, now, entropy)


def forge_chain(kind: ForgedChain, root: KeyPair, static: bytes, now: datetime, entropy: Entropy) -> bytes:
    """A chain that differs from a good one by exactly one lie."""

    def other() -> KeyPair:
        return KeyPair.generate(entropy)

    match kind:
        case ForgedChain.OTHER_ROOT:
            return _issue(other(), static, now, entropy)
        case ForgedChain.LEAF_BY_ANOTHER_KEY:
            return _issue(root, static, now, entropy, leaf_signer=other())
        case ForgedChain.LEAF_OF_ANOTHER_SERVER:
            return _issue(root, other().public, now, entropy)
        case ForgedChain.LEAF_EXPIRED:
            return _issue(root, static, now, entropy, leaf_shift=-2 * _VALID)
        case ForgedChain.LEAF_NOT_YET_VALID:
            return _issue(root, static, now, entropy, leaf_shift=2 * _VALID)
        case ForgedChain.LEAF_OF_ANOTHER_ISSUER:
            return _issue(root, static, now, entropy, leaf_issuer=_INTERMEDIATE_SERIAL + 6)
        case ForgedChain.INTERMEDIATE_OF_ANOTHER_ISSUER:
            return _issue(root, static, now, entropy, intermediate_issuer=ROOT_SERIAL + 5)
        case ForgedChain.NO_SIGNATURES:
            return _issue(root, static, now, entropy, signer=lambda *_: bytes(64))


def verify_chain(chain: bytes, root: bytes, static: bytes, now: datetime) -> None:
    """Check that ``root`` vouches for the server with the Noise static key ``static`` (both 32 bytes, public).

    :raises ChainRefused: if it does not.
    """
    try:
        certificates = wa.CertChain.FromString(chain)
        intermediate = _Details.FromString(certificates.intermediate.details)
        leaf = _Details.FromString(certificates.leaf.details)
    except DecodeError as error:
        raise ChainRefused("the chain is not readable") from error
    if not verify(root, certificates.intermediate.details, certificates.intermediate.signature):
        raise ChainRefused("the intermediate certificate is not signed by the root")
    if not verify(intermediate.key, certificates.leaf.details, certificates.leaf.signature):
        raise ChainRefused("the leaf certificate is not signed by the intermediate")
    if not intermediate.HasField("issuerSerial") or intermediate.issuerSerial != ROOT_SERIAL:
        raise ChainRefused("the intermediate certificate names another issuer")
    if not leaf.HasField("issuerSerial") or leaf.issuerSerial != intermediate.serial:
        raise ChainRefused("the leaf certificate names another issuer")
    if leaf.key != static:
        raise ChainRefused("the leaf certificate is of another server")
    moment = int(now.timestamp())
    for name, details in (("intermediate", intermediate), ("leaf", leaf)):
        if not details.notBefore <= moment <= details.notAfter:
            raise ChainRefused(f"the {name} certificate is not valid now")


def _issue(
    root: KeyPair,
    leaf_key: bytes,
    now: datetime,
    entropy: Entropy,
    *,
    leaf_signer: KeyPair | None = None,
    leaf_shift: timedelta = timedelta(),
    leaf_issuer: int = _INTERMEDIATE_SERIAL,
    intermediate_issuer: int = ROOT_SERIAL,
    signer: Callable[[bytes, bytes, Entropy], bytes] = sign,
) -> bytes:
    issuer = KeyPair.generate(entropy)
    intermediate = _details(_INTERMEDIATE_SERIAL, intermediate_issuer, issuer.public, now)
    leaf = _details(_LEAF_SERIAL, leaf_issuer, leaf_key, now + leaf_shift)
    chain = wa.CertChain()
    chain.intermediate.details = intermediate
    chain.intermediate.signature = signer(root.private, intermediate, entropy)
    chain.leaf.details = leaf
    chain.leaf.signature = signer((leaf_signer or issuer).private, leaf, entropy)
    return chain.SerializeToString()


def _details(serial: int, issuer: int, key: bytes, now: datetime) -> bytes:
    return _Details(
        serial=serial,
        issuerSerial=issuer,
        key=key,
        notBefore=int((now - _BEFORE).timestamp()),
        notAfter=int((now + _VALID).timestamp()),
    ).SerializeToString()
