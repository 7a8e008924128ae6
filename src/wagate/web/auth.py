"""From a request to a :class:`~wagate.web.principal.Principal`.

A credential stands in ``Authorization: Bearer …``, in ``X-API-Key`` or in the cookie of a browser that logged in, never
in a URL. A header counts before the cookie. The application's ``state.authenticate`` checks it; it is set where the
application is built, so that no feature is known here.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from wagate.core.errors import Forbidden, Unauthorized
from wagate.core.ids import AccountId
from wagate.web.cookies import CSRF_HEADER, may_come_from_elsewhere, token_of_cookie
from wagate.web.limits import Limiter
from wagate.web.origin import origin_of
from wagate.web.principal import Principal, Scope

#: Checks a key or token. :raises Unauthorized: if it is not good.
Authenticate = Callable[[str], Awaitable[Principal]]

_MAX_CREDENTIAL_LENGTH = 4096
#: A process of the gateway itself: of no account, and without any scope.
_FLEET = Principal(account_id=AccountId("fleet"), scopes=frozenset())


class CredentialMissing(Unauthorized):
    """This call needs an API key or a log-in."""

    code = "credential_missing"


class CredentialAmbiguous(Unauthorized):
    """Two different credentials were sent."""

    code = "credential_ambiguous"


class CsrfTokenWrong(Forbidden):
    """A request with the cookie of a log-in must name in `X-CSRF-Token` what `GET /api/me` tells."""

    code = "csrf_token_wrong"


class PlatformAdminOnly(Forbidden):
    """Only those who run this gateway may do this."""

    code = "platform_admin_only"


class FleetOnly(Unauthorized):
    """This call is for the gateway's own processes, which know the worker token."""

    code = "fleet_only"


def credential_of(request: HTTPConnection) -> str:
    """The one credential of a request.

    :raises CredentialMissing: if there is none, or none of a known form.
    :raises CredentialAmbiguous: if there are several that differ.
    """
    credential = _of_headers(request) or token_of_cookie(request)
    if credential is None:
        raise CredentialMissing("Send an API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`")
    if len(credential) > _MAX_CREDENTIAL_LENGTH:
        raise Unauthorized
    return credential


def came_by_cookie(request: HTTPConnection) -> bool:
    """Whether the credential of a request is that of a browser that logged in."""
    return _of_headers(request) is None and token_of_cookie(request) is not None


def _of_headers(request: HTTPConnection) -> str | None:
    found: set[str] = set()
    for value in request.headers.getlist("authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise CredentialMissing("Authorization must be `Bearer <key>`")
        found.add(token.strip())
    found.update(value.strip() for value in request.headers.getlist("x-api-key"))
    found.discard("")
    if len(found) > 1:
        raise CredentialAmbiguous("Authorization and X-API-Key name different keys; send one")
    return found.pop() if found else None


async def principal_of(request: HTTPConnection) -> Principal:
    """Who sent the request; checked once per request.

    :raises Unauthorized: if there is no good credential.
    :raises CsrfTokenWrong: if a page of another site may have sent it.
    :raises TooMany: if the caller sent too many requests, or its address too many bad credentials.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        try:
            credential = credential_of(request)
        except Unauthorized:
            await _count_failure(request)
            raise
        known = await _holder(request, credential)
        if came_by_cookie(request) and may_come_from_elsewhere(request, credential):
            raise CsrfTokenWrong(f"Name in {CSRF_HEADER} the csrfToken of GET /api/me")
        await _let_in(request, known)
    return known


async def principal_by(connection: HTTPConnection, credential: str) -> Principal:
    """Who opened a connection, by the credential that came over it later. What a browser sends with every request by
    itself is not looked at, so pages of other sites can't use it.

    :raises Unauthorized: if the credential is not good.
    :raises TooMany: as :func:`principal_of`.
    """
    known = await _holder(connection, credential)
    await _let_in(connection, known)
    return known


async def _holder(connection: HTTPConnection, credential: str) -> Principal:
    authenticate = cast(Authenticate, connection.app.state.authenticate)
    try:
        if len(credential) > _MAX_CREDENTIAL_LENGTH:
            raise Unauthorized
        return replace(await authenticate(credential), origin=origin_of(connection))
    except Unauthorized:
        await _count_failure(connection)
        raise


async def _count_failure(connection: HTTPConnection) -> None:
    """:raises TooMany: if the client's address showed too many bad credentials."""
    limiter: Limiter | None = getattr(connection.app.state, "limiter", None)
    if limiter is not None:
        await limiter.check_failure(connection)


async def _let_in(connection: HTTPConnection, principal: Principal) -> None:
    connection.state.principal = principal
    limiter: Limiter | None = getattr(connection.app.state, "limiter", None)
    if limiter is not None:
        await limiter.check(connection, principal)


#: What an account's callers may send, by the names of the OpenAPI document.
OF_ACCOUNTS: Final[tuple[str, ...]] = ("bearerAuth", "apiKey", "loginCookie")


class Guard:
    """A dependency that lets a principal with ``scope`` pass; ``None`` is satisfied with any good credential.

    :raises Unauthorized: without a good credential.
    :raises Forbidden: if the credential does not carry the scope, or if another site may have sent the request.
    """

    def __init__(self, scope: Scope | None, *, platform: bool = False) -> None:
        self.scope = scope
        self.platform = platform
        self.credentials: tuple[str, ...] = OF_ACCOUNTS

    async def __call__(self, request: Request) -> Principal:
        principal = await principal_of(request)
        if self.scope is not None and not principal.allows(self.scope):
            raise Forbidden(f"This call needs a key with the scope `{self.scope}`")
        if self.platform and not principal.is_admin:
            raise PlatformAdminOnly
        return principal


class FleetGuard(Guard):
    """A dependency that lets the fleet's own processes pass, which know the token in the application's
    ``state.fleet_token``. The principal may do nothing: routes of the fleet say themselves what they are about.

    :raises FleetOnly: for everybody else, and if there is no such token.
    :raises TooMany: if the client's address showed too many bad credentials.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.credentials = ("workerToken",)

    async def __call__(self, request: Request) -> Principal:
        token: str = getattr(request.app.state, "fleet_token", "")
        if not token or not hmac.compare_digest(credential_of(request).encode(), token.encode()):
            await _count_failure(request)
            raise FleetOnly
        return _FLEET


platform_admin = Guard(Scope.ADMIN, platform=True)

#: Any good credential.
Access = Annotated[Principal, Depends(Guard(None))]
ReadAccess = Annotated[Principal, Depends(Guard(Scope.READ))]
SendAccess = Annotated[Principal, Depends(Guard(Scope.SEND))]
ManageAccess = Annotated[Principal, Depends(Guard(Scope.MANAGE))]
#: Who may do everything within the account.
AdminAccess = Annotated[Principal, Depends(Guard(Scope.ADMIN))]
#: Who runs this gateway.
PlatformAccess = Annotated[Principal, Depends(platform_admin)]
#: A process of the gateway itself.
FleetAccess = Annotated[Principal, Depends(FleetGuard())]
