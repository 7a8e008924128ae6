"""What can go wrong on the way through a session's proxy, and how the session's connection ends then.

Engines see a proxy that speaks HTTP, so a failure travels as the status of its answer to CONNECT.
"""

from typing import ClassVar, Final

from wagate.core.errors import WagateError
from wagate.engine.port import Closed


class ProxyFailed(WagateError):
    """The session's proxy did not give a connection."""

    code = "proxy_failed"
    status = 503
    #: How an engine is told.
    answer: ClassVar[int] = 503


class ProxyUnreachable(ProxyFailed):
    """The session's proxy can't be reached."""

    code = "proxy_unreachable"
    answer = 502


class ProxyLoginRefused(ProxyFailed):
    """The session's proxy refuses its user name and password."""

    code = "proxy_login_refused"
    answer = 407


class ProxyNotAllowed(ProxyFailed):
    """The session's proxy has an address that the gateway may not connect to."""

    code = "proxy_not_allowed"
    answer = 403


class ProxyRefused(ProxyFailed):
    """The session's proxy was reached and would not, or could not, connect to WhatsApp."""

    code = "proxy_refused"
    answer = 503


#: Disconnect codes of our own; WhatsApp's begin at 400, where the same numbers mean other things (403 wipes keys).
_CODES: Final = ((1, ProxyUnreachable), (2, ProxyLoginRefused), (3, ProxyNotAllowed), (4, ProxyRefused))
_ENDINGS: Final = {kind.answer: Closed(code=code, reason=kind.code) for code, kind in _CODES}


def ending(answer: int) -> Closed:
    """How a connection ends whose proxy answered CONNECT with that HTTP status."""
    return _ENDINGS.get(answer, _ENDINGS[ProxyRefused.answer])
