"""What an entry of the audit log is, and the names of everything that is logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from wagate.core.ids import AccountId, AuditId, KeyId, UserId
from wagate.web.principal import NOWHERE, Origin, Principal


class Action(StrEnum):
    """What was done: to what, and what."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_UPDATED = "account.updated"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    USER_REMOVED = "user.removed"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105
    USER_LOGGED_IN = "user.logged_in"
    USER_LOGIN_FAILED = "user.login_failed"
    USER_LOGGED_OUT = "user.logged_out"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    SESSION_DELETED = "session.deleted"
    SESSION_CONNECTED = "session.connected"
    SESSION_DISCONNECTED = "session.disconnected"
    SESSION_RECONNECTED = "session.reconnected"
    SESSION_LOGGED_OUT = "session.logged_out"
    SESSION_ENGINE_CHANGED = "session.engine_changed"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"  # noqa: S105
    WEBHOOK_REPLAYED = "webhook.replayed"
    SESSION_RESTORED = "session.restored"
    SESSION_MOVED = "session.moved"
    WORKER_DRAINED = "worker.drained"
    PLAN_CHANGED = "plan.changed"
    SETTINGS_CHANGED = "settings.changed"
    SECRET_KEYS_ROTATED = "secret_keys.rotated"  # noqa: S105
    SECRET_KEY_RETIRED = "secret_key.retired"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: a user who logged in, a key (and the user for whom it was made), a worker, or somebody unknown."""

    user_id: UserId | None = None
    key_id: KeyId | None = None
    worker: str | None = None
    origin: Origin = NOWHERE

    @classmethod
    def of(cls, principal: Principal) -> "Actor":
        """Whoever sent the request."""
        return cls(user_id=principal.user_id, key_id=principal.key_id, origin=principal.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. ``account_id`` is whose thing was changed, ``None`` for what belongs to no account. ``seq`` rises in
    the order of writing, and is 0 until it is written.
    """

    id: AuditId
    at: datetime
    account_id: AccountId | None
    actor: Actor
    action: Action
    target: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which entries are wanted; ``None`` is any. ``actor`` is the id of a user, a key or a worker."""

    account: AccountId | None = None
    actor: str | None = None
    action: Action | None = None
    since: datetime | None = None
    until: datetime | None = None
