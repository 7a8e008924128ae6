"""Secrets of endpoints: made here, kept sealed, bound to their endpoint so that rows can't be swapped."""

import base64
from collections.abc import Mapping

import msgspec

from wagate.core.ids import EndpointId, Entropy
from wagate.core.seal import KeyRing
from wagate.webhooks.model import bound_to

_SECRET_BYTES = 32
_PREFIX = "whsec_"


class Secrets:
    """Seals and opens what belongs to endpoints."""

    def __init__(self, ring: KeyRing, entropy: Entropy) -> None:
        self._ring = ring
        self._entropy = entropy

    def new(self) -> bytes:
        """A secret that was never used before."""
        return self._entropy(_SECRET_BYTES)

    def seal_secret(self, endpoint: EndpointId, secret: bytes) -> bytes:
        return self._ring.seal(secret, bound_to("secret", endpoint))

    def open_secret(self, endpoint: EndpointId, sealed: bytes) -> bytes:
        """:raises SealBroken: if it was changed, belongs to another endpoint, or its key is gone."""
        return self._ring.open(sealed, bound_to("secret", endpoint))

    def seal_headers(self, endpoint: EndpointId, headers: Mapping[str, str]) -> bytes:
        return self._ring.seal(msgspec.json.encode(headers), bound_to("headers", endpoint))

    def open_headers(self, endpoint: EndpointId, sealed: bytes) -> dict[str, str]:
        """:raises SealBroken: as :meth:`open_secret`."""
        return msgspec.json.decode(self._ring.open(sealed, bound_to("headers", endpoint)), type=dict[str, str])


def shown(secret: bytes) -> str:
    """The form in which a customer gets a secret, as Standard Webhooks writes it."""
    return _PREFIX + base64.b64encode(secret).decode()
