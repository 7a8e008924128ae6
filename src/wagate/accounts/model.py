"""Accounts, users and keys as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wagate.core.ids import AccountId, KeyId, SessionId, UserId
from wagate.web.principal import Principal, Scope


class Role(StrEnum):
    """What a user may do in the account: everything, everything but keys and users, or look."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: AccountId
    name: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """``is_admin`` makes a user one of those who run this gateway. The e-mail address is in lower case."""

    id: UserId
    account_id: AccountId
    email: str
    name: str
    role: Role
    is_admin: bool
    created_at: datetime
    disabled_at: datetime | None = None


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
        return Principal(
            account_id=self.account.id,
            key_id=self.key.id,
            user_id=self.key.user_id,
            scopes=self.key.scopes,
            sessions=self.key.sessions,
            is_admin=self.user is not None and self.user.is_admin and Scope.ADMIN in self.key.scopes,
        )

    def is_good(self, now: datetime) -> bool:
        """Whether the key opens anything at ``now``. That it was not revoked is the store's to say."""
        if self.account.disabled_at is not None or (self.user is not None and self.user.disabled_at is not None):
            return False
        return self.key.expires_at is None or now < self.key.expires_at
