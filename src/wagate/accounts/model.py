"""Accounts, users and keys as values."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wagate.accounts.errors import EmailInvalid
from wagate.core.ids import AccountId, KeyId, SessionId, UserId
from wagate.core.settings import Registration
from wagate.web.principal import Principal, Scope

#: RFC 5321, 4.5.3.1.3, without the angle brackets.
MAX_EMAIL_LENGTH = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


class Role(StrEnum):
    """What a user may do in the account: everything, everything but keys and users, or look."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What a user of this role may do when logged in."""
        return _SCOPES[self]

    def cap(self, scopes: frozenset[Scope]) -> frozenset[Scope]:
        """As much of these as the role allows. A key does no more than the user for whom it was made may do now."""
        held = {implied for scope in scopes for implied in scope.implied}
        return scopes if self is Role.OWNER else frozenset(held & {s for scope in self.scopes for s in scope.implied})


_SCOPES = {
    Role.OWNER: frozenset({Scope.ADMIN}),
    Role.OPERATOR: frozenset({Scope.READ, Scope.SEND, Scope.MANAGE}),
    Role.VIEWER: frozenset({Scope.READ}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: AccountId
    name: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """``is_admin`` makes a user one of those who run this gateway. The e-mail address is in lower case.

    ``token_epoch`` is the one whose tokens count.
    """

    id: UserId
    account_id: AccountId
    email: str
    name: str
    role: Role
    is_admin: bool
    created_at: datetime
    disabled_at: datetime | None = None
    token_epoch: int = 0

    @property
    def is_owner(self) -> bool:
        """Whether this user can log in and do everything in the account."""
        return self.role is Role.OWNER and self.disabled_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """All that is known of a key but the key. ``sessions`` is ``None`` for every session of the account.

    ``last_used_at`` is right to a minute.
    """

    id: KeyId
    account_id: AccountId
    user_id: UserId | None
    name: str
    hint: str
    scopes: frozenset[Scope]
    sessions: frozenset[SessionId] | None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key at the only moment at which it can be shown."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A key with the account and the user it acts for."""

    key: ApiKey
    account: Account
    user: User | None

    def principal(self) -> Principal:
        """What the key's holder may do."""
        scopes = self.key.scopes if self.user is None else self.user.role.cap(self.key.scopes)
        return Principal(
            account_id=self.account.id,
            key_id=self.key.id,
            user_id=self.key.user_id,
            scopes=scopes,
            sessions=self.key.sessions,
            # What reaches some sessions only does not run the gateway.
            is_admin=self.user is not None
            and self.user.is_admin
            and Scope.ADMIN in scopes
            and self.key.sessions is None,
        )

    def is_good(self, now: datetime) -> bool:
        """Whether the key opens anything at ``now``. That it was not revoked is the store's to say."""
        return _may_act(self.account, self.user) and (self.key.expires_at is None or now < self.key.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user who logged in, until the token expires."""

    account: Account
    user: User
    expires_at: datetime

    def principal(self) -> Principal:
        """What the user may do."""
        return Principal(
            account_id=self.account.id,
            user_id=self.user.id,
            scopes=self.user.role.scopes,
            is_admin=self.user.is_admin and self.user.role is Role.OWNER,
        )

    def is_good(self, now: datetime) -> bool:
        """Whether the token opens anything at ``now``. That its epoch is the user's is for the look-up to say."""
        return _may_act(self.account, self.user) and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is behind a request: ``user`` is ``None`` for a key of the account itself, ``key`` for a log-in."""

    account: Account
    user: User | None
    key: ApiKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """A log-in at the only moment at which its token can be shown."""

    account: Account
    user: User
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """What those who run the gateway may change while it runs.

    ``registration`` says whether strangers may make accounts, ``login_hours`` how long a log-in lasts.
    """

    registration: Registration
    login_hours: int


def normal_email(text: str) -> str:
    """The address in the form in which it is kept and compared.

    :raises EmailInvalid: if it can't be one. Whether somebody reads it nobody can tell by looking.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or _EMAIL.fullmatch(email) is None:
        raise EmailInvalid
    return email


def _may_act(account: Account, user: User | None) -> bool:
    return account.disabled_at is None and (user is None or user.disabled_at is None)
