"""The base of every error that a user can meet.

Each carries a stable ``code`` (documented in docs/reference/errors.md), the HTTP ``status`` it answers with, and
for failed sends ``certain``: whether it is certain that nothing was sent. The class docstring's first line is the
default title, so that the sentence a user reads stands beside the class that means it.

::

    WagateError
    ├── BadRequest 400   ├── Unauthorized 401   ├── Forbidden 403   ├── NotFound 404   ├── Conflict 409
    ├── TooLarge 413     ├── UnsupportedMedia 415   ├── Unprocessable 422   ├── TooMany 429   ├── Unavailable 503
    └── StartupError     (the program cannot start; never an HTTP answer)
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class WagateError(Exception):
    """Something went wrong inside wagate; the log has the reason under this request's id."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    certain: ClassVar[bool | None] = None

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[dict[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.errors = list(errors)
        self.retry_after = retry_after

    def members(self) -> Mapping[str, Any]:
        """What a problem says of this error beside the usual, as JSON; empty for most."""
        return {}

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring of the class, or of the nearest base that has one."""
        return (cls.__doc__ or WagateError.__doc__ or "").strip().splitlines()[0]


class BadRequest(WagateError):
    """The request is malformed."""

    code = "bad_request"
    status = 400


class Unauthorized(WagateError):
    """The key or token is missing, wrong, expired or revoked."""

    code = "unauthorized"
    status = 401


class Forbidden(WagateError):
    """The key does not carry the scope that this call needs."""

    code = "forbidden"
    status = 403


class NotFound(WagateError):
    """There is no such thing, or it belongs to another account."""

    code = "not_found"
    status = 404


class Conflict(WagateError):
    """The state of the thing does not allow this now."""

    code = "conflict"
    status = 409


class TooLarge(WagateError):
    """The body or file is larger than the limit."""

    code = "too_large"
    status = 413


class UnsupportedMedia(WagateError):
    """This type of content is not understood."""

    code = "unsupported_media_type"
    status = 415


class Unprocessable(WagateError):
    """The request is well formed but can't be carried out as it stands."""

    code = "unprocessable"
    status = 422


class TooMany(WagateError):
    """Too many requests; wait before the next."""

    code = "rate_limited"
    status = 429


class Unavailable(WagateError):
    """A part that this call needs is away for now."""

    code = "unavailable"
    status = 503


class StartupError(WagateError):
    """The program cannot start.

    ``exit_code`` tells scripts apart what failed; ``hint`` says what to do next.
    """

    code = "startup_failed"
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.hint = hint
