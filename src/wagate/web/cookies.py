"""The cookie that keeps a browser logged in, and what keeps other sites from using it.

The cookie holds the token of a log-in. A page's scripts can't read it (``HttpOnly``) and other sites' requests don't
carry it (``SameSite=Strict``); what is left, pages of the same site that are not ours, can send requests but not read
answers. So a request that changes something must name in ``X-CSRF-Token`` a value that ``GET /api/me`` tells. It is a
hash of the token: whoever has it can't compute the token, and nobody without the token can compute it.
"""

import base64
import hashlib
import hmac
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

CSRF_HEADER: Final = "X-CSRF-Token"
#: Browsers take a cookie with this prefix only over TLS and for this host alone, so no sister site can plant one.
SECURE_NAME: Final = "__Host-wagate_login"
#: For http on this machine, where browsers don't keep secure cookies everywhere.
PLAIN_NAME: Final = "wagate_login"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def token_of_cookie(request: HTTPConnection) -> str | None:
    """The token of the cookie that :func:`keep_logged_in` set, if the browser sent one."""
    token = request.cookies.get(SECURE_NAME)
    if not token and _is_plain(request):
        token = request.cookies.get(PLAIN_NAME)
    return token or None


def csrf_token(token: str) -> str:
    """What requests with the cookie must name to change something."""
    digest = hashlib.sha256(b"wagate csrf\0" + token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def may_come_from_elsewhere(request: HTTPConnection, token: str) -> bool:
    """Whether a request with the cookie changes something and does not prove that a page of ours sent it.

    A WebSocket counts as a change: browsers let every page open one.
    """
    if request.scope.get("method") in _SAFE:
        return False
    named = request.headers.get(CSRF_HEADER, "")
    return not hmac.compare_digest(named.encode(), csrf_token(token).encode())


def keep_logged_in(request: HTTPConnection, response: Response, token: str, seconds: int) -> None:
    """Have the browser send the token from now on."""
    _set(request, response, token, seconds)


def forget_login(request: HTTPConnection, response: Response) -> None:
    """Have the browser forget the token."""
    _set(request, response, "", 0)


def _set(request: HTTPConnection, response: Response, value: str, seconds: int) -> None:
    plain = _is_plain(request)
    response.set_cookie(
        PLAIN_NAME if plain else SECURE_NAME,
        value,
        max_age=seconds,
        path="/",
        secure=not plain,
        httponly=True,
        samesite="strict",
    )


def _is_plain(request: HTTPConnection) -> bool:
    """Whether the browser is on this machine and speaks http. A proxy that speaks https in front of a gateway on this
    machine is told apart by the public URL, or by the name that the browser asked for.
    """
    if getattr(request.app.state, "public_https", False):
        return False
    # By hand: a name that is no name makes the framework's own reading fail.
    host = request.headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return request.scope.get("scheme") in ("http", "ws") and name.lower() in _LOOPBACK
