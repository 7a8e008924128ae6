"""A passkey of a simulated account: what its owner's authenticator and browser answer, and how a server checks that.

Source: WebAuthn Level 3, sections 5.8.1 (client data), 6.1 (authenticator data) and 7.2 (verifying an assertion).
"""

import base64
import binascii
import hashlib
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from wagate.core.ids import Entropy

#: What whatsmeow's users report of WhatsApp's own challenges (tulir/whatsmeow#1184).
RELYING_PARTY: Final = "web.whatsapp.com"
ORIGIN: Final = "https://web.whatsapp.com"
#: How long a person has for it, in milliseconds.
TIMEOUT_MS: Final = 60_000

_GET: Final = "webauthn.get"
_USER_PRESENT: Final = 0x01
_USER_VERIFIED: Final = 0x04
#: The order of P-256.
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class AssertionRefused(Exception):
    """It is no assertion of this passkey for this challenge."""


class Passkey:
    """One credential, held by the account's owner and known to the server."""

    def __init__(self, entropy: Entropy) -> None:
        self.credential_id = entropy(32)
        self._private = ec.derive_private_key(int.from_bytes(entropy(32), "big") % (_ORDER - 1) + 1, ec.SECP256R1())

    def options(self, challenge: bytes) -> dict[str, Any]:
        """``PublicKeyCredentialRequestOptions`` as JSON."""
        return {
            "challenge": base64url(challenge),
            "timeout": TIMEOUT_MS,
            "rpId": RELYING_PARTY,
            "allowCredentials": [
                {"id": base64url(self.credential_id), "type": "public-key", "transports": ["hybrid", "internal"]}
            ],
            "userVerification": "required",
            "extensions": {},
        }

    def is_asked_for(self, options: dict[str, Any]) -> bool:
        """Whether an authenticator would show this passkey for them."""
        allowed = options.get("allowCredentials")
        ids = {item.get("id") for item in allowed if isinstance(item, dict)} if isinstance(allowed, list) else set()
        named = isinstance(options.get("challenge"), str) and options.get("rpId") == RELYING_PARTY
        return named and (not ids or base64url(self.credential_id) in ids)

    def answer(self, options: dict[str, Any], origin: str = ORIGIN) -> dict[str, Any]:
        """``AuthenticationResponseJSON``: what a browser on a page of ``origin`` gives once its owner agreed."""
        client_data = msgspec.json.encode(
            {"type": _GET, "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
        )
        flags = bytes((_USER_PRESENT | _USER_VERIFIED,))
        data = hashlib.sha256(str(options["rpId"]).encode()).digest() + flags + bytes(4)
        signature = self._private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return {
            "id": base64url(self.credential_id),
            "rawId": base64url(self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64url(client_data),
                "authenticatorData": base64url(data),
                "signature": base64url(signature),
                "userHandle": None,
            },
        }

    def check(self, credential_id: bytes, assertion: bytes, challenge: bytes) -> None:
        """:raises AssertionRefused: unless ``assertion`` (JSON) is this passkey's, for this challenge and origin."""
        try:
            read = msgspec.json.decode(assertion, type=dict[str, Any])
            response = read["response"]
            client_data = unbase64url(response["clientDataJSON"])
            data = unbase64url(response["authenticatorData"])
            signature = unbase64url(response["signature"])
            said = msgspec.json.decode(client_data, type=dict[str, Any])
            ids = {read["id"], read["rawId"]}
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise AssertionRefused("not an assertion") from error
        if ids != {base64url(self.credential_id)} or credential_id != self.credential_id:
            raise AssertionRefused("another credential")
        if (said.get("type"), said.get("challenge")) != (_GET, base64url(challenge)):
            raise AssertionRefused("another challenge")
        if said.get("origin") != ORIGIN or data[:32] != hashlib.sha256(RELYING_PARTY.encode()).digest():
            raise AssertionRefused("another origin")
        if len(data) < 37 or data[32] & (_USER_PRESENT | _USER_VERIFIED) != _USER_PRESENT | _USER_VERIFIED:
            raise AssertionRefused("nobody was there")
        try:
            signed = data + hashlib.sha256(client_data).digest()
            self._private.public_key().verify(signature, signed, ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise AssertionRefused("a false signature") from error


def base64url(data: bytes) -> str:
    """As WebAuthn's JSON has bytes: without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unbase64url(text: str) -> bytes:
    """:raises ValueError: if it is none, or padded."""
    if "=" in text:
        raise ValueError("padded")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
