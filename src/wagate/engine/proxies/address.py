"""What a customer writes for a proxy: ``scheme://[user[:password]@]host:port``."""

import re
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote_to_bytes

#: ``socks5`` and ``socks5h`` are one here: names are always resolved by the proxy, never on this side of it.
SCHEMES: Final = ("http", "https", "socks5", "socks5h")
#: SOCKS has one byte for the length of each (RFC 1929).
MAX_CREDENTIAL: Final = 255

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_TARGET = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@%\\\s]{1,253}):(?P<port>[0-9]{1,5})/?")
_ESCAPES = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


class BadProxyUrl(ValueError):
    """What is wrong with it, in words that quote nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAddress:
    """A proxy and how to log in to it. ``host`` is a name or an IP address without brackets; ``user`` may be empty."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL. Special characters in user and password are percent-encoded.

        :raises BadProxyUrl: if it is not of the form above; its text says what is wrong.
        """
        if not url.isascii() or not url.isprintable() or " " in url:
            raise BadProxyUrl("it holds a space, a control character or a letter that must be percent-encoded")
        whole = _URL.fullmatch(url)
        if whole is None:
            raise BadProxyUrl("it does not begin with a scheme such as http:// or socks5://")
        scheme = whole["scheme"].lower()
        if scheme not in SCHEMES:
            raise BadProxyUrl(f"its scheme is none of {', '.join(SCHEMES)}")
        login, at, place = whole["rest"].rpartition("@")
        if "@" in login:
            raise BadProxyUrl("a user name or password with an @ must have it percent-encoded, as %40")
        target = _TARGET.fullmatch(place)
        if target is None:
            raise BadProxyUrl("it does not end with host:port")
        port = int(target["port"])
        if not 1 <= port <= 65535:
            raise BadProxyUrl("its port is not between 1 and 65535")
        user, _, password = login.partition(":")
        if at and not user:
            raise BadProxyUrl("it has a password or an @ without a user name")
        name = _decoded(user)
        if ":" in name:
            # HTTP's Basic scheme ends the name at the first colon (RFC 7617), whatever was meant.
            raise BadProxyUrl("a user name can't hold a colon")
        return cls(
            scheme=scheme,
            host=target["host"].strip("[]").lower(),
            port=port,
            user=name,
            password=_decoded(password),
        )

    @property
    def authority(self) -> str:
        """``host:port`` as a URL has it."""
        return authority(self.host, self.port)


def authority(host: str, port: int) -> str:
    """``host:port`` as a URL and HTTP's CONNECT have it: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _decoded(text: str) -> str:
    if any(character in text for character in "/?#"):
        raise BadProxyUrl("a user name or password with /, ? or # must have it percent-encoded")
    if _ESCAPES.fullmatch(text) is None:
        raise BadProxyUrl("a user name or password with a % must have it percent-encoded, as %25")
    raw = unquote_to_bytes(text)
    if len(raw) > MAX_CREDENTIAL:
        raise BadProxyUrl(f"a user name or password is longer than {MAX_CREDENTIAL} bytes")
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        raise BadProxyUrl("a user name or password is not UTF-8") from None
    if not decoded.isprintable():
        raise BadProxyUrl("a user name or password holds a control character")
    return decoded
