"""Who is asking, and what they may do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from wagate.core.ids import AccountId, KeyId, SessionId, UserId


class Scope(StrEnum):
    """What a key is for. ``admin`` implies all others and ``manage`` implies ``read``; ``send`` stands alone."""

    READ = "read"
    SEND = "send"
    MANAGE = "manage"
    ADMIN = "admin"

    @property
    def implied(self) -> frozenset["Scope"]:
        """This scope and those that come with it."""
        return _IMPLIED[self]


_IMPLIED = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.SEND: frozenset({Scope.SEND}),
    Scope.MANAGE: frozenset({Scope.MANAGE, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The request by which somebody acts: where it came from, and under which id the log knows it."""

    ip: str | None = None
    request_id: str | None = None


NOWHERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The account, and the key or user of it, behind a request.

    ``sessions`` is ``None`` for access to every session of the account. ``is_admin`` is true for those who run this
    gateway, which is more than the scope ``admin`` within an account. A user who logged in has no ``key_id``.
    """

    account_id: AccountId
    key_id: KeyId | None = None
    user_id: UserId | None = None
    scopes: frozenset[Scope]
    sessions: frozenset[SessionId] | None = None
    is_admin: bool = False
    #: Not part of who it is.
    origin: Origin = field(default=NOWHERE, compare=False)

    def allows(self, scope: Scope) -> bool:
        """Whether a call that needs ``scope`` may be made."""
        return any(scope in held.implied for held in self.scopes)

    def may_see(self, session_id: SessionId) -> bool:
        """Whether this session is within reach; if not, answer as if it did not exist.

        It says nothing about whose the session is: stores also ask for the account.
        """
        return self.sessions is None or session_id in self.sessions

    def covers(self, scopes: Iterable[Scope], sessions: frozenset[SessionId] | None) -> bool:
        """Whether a key with these rights would hold no more than this principal does."""
        if not all(self.allows(scope) for scope in scopes):
            return False
        return self.sessions is None or (sessions is not None and sessions <= self.sessions)
