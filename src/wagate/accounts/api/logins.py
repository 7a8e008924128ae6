"""The routes of registering, logging in and logging out."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from wagate.accounts.api.bodies import AccountBody, Email, Name, Password, UserBody, account_body, user_body
from wagate.accounts.errors import (
    EmailInvalid,
    EmailTaken,
    LoginFailed,
    LoginNeeded,
    LoginsBusy,
    PasswordTooWeak,
    RegistrationClosed,
    TooManyAttempts,
)
from wagate.accounts.model import NewLogin
from wagate.accounts.service import Logins
from wagate.core.clock import Clock
from wagate.web.auth import Access
from wagate.web.cookies import forget_login, keep_logged_in
from wagate.web.models import ApiModel, ApiRequest
from wagate.web.origin import origin_of
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter

#: Strangers send these; the longest address, password and name, written in escapes, fit in.
MAX_BODY = 8 * 1024


class Register(ApiRequest):
    """The account to make, and its owner."""

    email: Email
    password: Password
    """8 to 256 characters."""
    name: Name | None = None


class Registered(ApiModel):
    """A new account, its owner, and the token of the owner's first log-in."""

    user: UserBody
    account: AccountBody
    token: str


class LogIn(ApiRequest):
    """Who wants in."""

    email: Email
    password: Password


class LoggedIn(ApiModel):
    """A log-in."""

    token: str
    """Send it as `Authorization: Bearer <token>`. It is the credential itself: keep it as you keep a key."""
    expires_at: datetime
    user: UserBody


def router(logins: Logins, clock: Clock) -> APIRouter:
    """Routes of the door."""
    routes = ApiRouter(tags=["accounts"])

    def let_in(request: Request, response: Response, made: NewLogin) -> None:
        keep_logged_in(request, response, made.token, int((made.expires_at - clock.now()).total_seconds()))

    @routes.post(
        "/api/register",
        status_code=201,
        max_body_size=MAX_BODY,
        responses=problem_responses(
            RegistrationClosed, EmailTaken, EmailInvalid, PasswordTooWeak, TooManyAttempts, LoginsBusy
        ),
    )
    async def register(body: Register, request: Request, response: Response) -> Registered:
        """Make an account of one's own and log in, where that is open to strangers."""
        made = await logins.register(body.email, body.password, body.name or "", origin_of(request))
        let_in(request, response, made)
        return Registered(user=user_body(made.user), account=account_body(made.account), token=made.token)

    @routes.post(
        "/api/login",
        max_body_size=MAX_BODY,
        responses=problem_responses(LoginFailed, TooManyAttempts, LoginsBusy),
    )
    async def log_in(body: LogIn, request: Request, response: Response) -> LoggedIn:
        """Log in. The token is answered, and set as a cookie that a page's scripts can't read."""
        made = await logins.log_in(body.email, body.password, origin_of(request))
        let_in(request, response, made)
        return LoggedIn(token=made.token, expires_at=made.expires_at, user=user_body(made.user))

    @routes.post("/api/logout", status_code=204, responses=problem_responses(LoginNeeded))
    async def log_out(request: Request, response: Response, principal: Access) -> None:
        """Log out everywhere: within a second nobody accepts any token of the user that was made before."""
        await logins.log_out(principal)
        forget_login(request, response)

    return routes
