"""The life of a session as data: which step leads where, and what each disconnect code calls for.

Rules that hold over both tables:

* Every step not in :data:`TRANSITIONS` raises; no code sets a status in any other way.
* A ban is left only by the attempt after its end, or by logging out.
* A session that another client replaced (440) is never reconnected by itself: two owners that both do throw each
  other out for ever, and both advance the same ratchets.
* Keys are wiped for 401, 403 and 406 and when the customer asks, never for anything else.

docs/reference/session-states.md and disconnects.md are made from here by scripts/gen_states.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from wagate.core.ids import AccountId, SessionId, WorkerId
from wagate.core.settings import EngineName
from wagate.sessions.errors import ForbiddenTransition
from wagate.wire.jid import Jid


class SessionStatus(StrEnum):
    """What is the case."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    QR_REQUIRED = "qr_required"
    CONNECTED = "connected"
    LOGGED_OUT = "logged_out"
    CONFLICT = "conflict"
    BANNED = "banned"
    ERROR = "error"


#: A worker holds, or should hold, a connection for these.
LIVE: Final = frozenset({SessionStatus.CONNECTING, SessionStatus.QR_REQUIRED, SessionStatus.CONNECTED})


class Desired(StrEnum):
    """What the customer wants to be the case."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class PauseReason(StrEnum):
    """Why sending is paused while the session is connected; the ``statusReason`` that customers see."""

    #: WhatsApp's 429: too much in too short a time.
    TOO_FAST = "sending_too_fast"
    #: WhatsApp's 402 or 403 for a message to a person: it wants none from this number for now.
    REFUSED = "sending_refused"
    #: WhatsApp's 463: no first messages to people the number never had to do with. Everything else goes on.
    NEW_CHATS_RESTRICTED = "new_chats_restricted"


class Trigger(StrEnum):
    """What happened to a session. The first four are the customer's wishes, the others a worker's findings."""

    CONNECT = "connect"
    RECONNECT = "reconnect"
    #: Recorded when nothing holds a connection any more, not when it was asked for.
    DISCONNECT = "disconnect"
    LOGOUT = "logout"
    #: A worker begins an attempt.
    OPENING = "opening"
    QR_ISSUED = "qr_issued"
    LINKED = "linked"
    ONLINE = "online"
    #: The connection ended for a reason that passes.
    LOST = "lost"
    #: Nobody scanned any of the codes that WhatsApp offered.
    LINK_EXPIRED = "link_expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
    BANNED = "banned"
    #: The connection ended for a reason that does not pass by itself.
    FAILED = "failed"
    #: The program failed, not the connection.
    CRASHED = "crashed"
    #: The worker stops or hands over; another may take the session.
    RELEASED = "released"


def _table() -> Mapping[Trigger, Mapping[SessionStatus, SessionStatus]]:
    s, t = SessionStatus, Trigger
    live_to = {
        t.LOST: s.CONNECTING,
        t.REVOKED: s.LOGGED_OUT,
        t.REPLACED: s.CONFLICT,
        t.BANNED: s.BANNED,
        t.FAILED: s.ERROR,
    }
    table: dict[Trigger, dict[SessionStatus, SessionStatus]] = {
        t.CONNECT: {
            **dict.fromkeys((s.DISCONNECTED, s.LOGGED_OUT, s.CONFLICT, s.ERROR), s.CONNECTING),
            **{status: status for status in (*LIVE, s.BANNED)},
        },
        t.RECONNECT: {**dict.fromkeys(s, s.CONNECTING), s.BANNED: s.BANNED},
        t.DISCONNECT: {**dict.fromkeys(s, s.DISCONNECTED), s.BANNED: s.BANNED, s.LOGGED_OUT: s.LOGGED_OUT},
        t.LOGOUT: dict.fromkeys(s, s.LOGGED_OUT),
        t.OPENING: dict.fromkeys((*LIVE, s.ERROR, s.BANNED), s.CONNECTING),
        t.QR_ISSUED: dict.fromkeys((s.CONNECTING, s.QR_REQUIRED), s.QR_REQUIRED),
        t.LINKED: dict.fromkeys((s.CONNECTING, s.QR_REQUIRED), s.CONNECTING),
        t.ONLINE: dict.fromkeys((s.CONNECTING, s.CONNECTED), s.CONNECTED),
        t.LINK_EXPIRED: dict.fromkeys((s.CONNECTING, s.QR_REQUIRED), s.DISCONNECTED),
        t.CRASHED: {**dict.fromkeys((*LIVE, s.ERROR), s.ERROR), s.BANNED: s.BANNED},
        t.RELEASED: {**dict.fromkeys(LIVE, s.CONNECTING), s.ERROR: s.ERROR, s.BANNED: s.BANNED},
    }
    table.update({trigger: dict.fromkeys(LIVE, status) for trigger, status in live_to.items()})
    # Sorted by the enums, because a frozenset's order changes from run to run and the documents are made from this.
    return MappingProxyType(
        {t: MappingProxyType({s: table[t][s] for s in SessionStatus if s in table[t]}) for t in Trigger}
    )


#: Where each trigger leads from each status; a pair that is absent is forbidden.
TRANSITIONS: Final = _table()


#: Where these lead to the status that a session has, they leave its reason and its next attempt as they are.
_IDEMPOTENT: Final = frozenset({Trigger.CONNECT, Trigger.DISCONNECT, Trigger.LOGOUT, Trigger.RELEASED})


def after(status: SessionStatus, trigger: Trigger) -> SessionStatus:
    """The status that ``trigger`` leads to.

    :raises ForbiddenTransition: if the table has no such step.
    """
    try:
        return TRANSITIONS[trigger][status]
    except KeyError:
        raise ForbiddenTransition(f"a session that is {status} can't take the step {trigger}") from None


# -- reactions ----------------------------------------------------------------------------------------------------


class ReactionKind(StrEnum):
    """What to do about an ended connection."""

    #: At once, and not counted as a failure.
    RECONNECT_NOW = "reconnect_now"
    #: Again and again, with full jitter between.
    BACKOFF = "backoff"
    #: As :attr:`BACKOFF`, but after :data:`FAILURES_UNTIL_ERROR` in a row slowly and with status ``error``.
    BACKOFF_LIMITED = "backoff_limited"
    #: Not before the end of the ban.
    WAIT_UNTIL = "wait_until"
    #: Not until the customer connects the session again.
    STOP = "stop"
    #: As :attr:`STOP`, and the device is no longer linked: its keys are wiped.
    WIPE_AND_STOP = "wipe_and_stop"
    #: As :attr:`STOP`: another client took this session's place.
    CONFLICT = "conflict"
    #: As :attr:`STOP`, and the operator has to do something: this program is what WhatsApp refuses.
    ALERT = "alert"


_TRIGGER_INTO: Final = MappingProxyType(
    {
        SessionStatus.CONNECTING: Trigger.LOST,
        SessionStatus.DISCONNECTED: Trigger.LINK_EXPIRED,
        SessionStatus.LOGGED_OUT: Trigger.REVOKED,
        SessionStatus.CONFLICT: Trigger.REPLACED,
        SessionStatus.BANNED: Trigger.BANNED,
        SessionStatus.ERROR: Trigger.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one disconnect code calls for; ``reason`` is the ``statusReason`` that customers see."""

    kind: ReactionKind
    status: SessionStatus
    reason: str

    @property
    def trigger(self) -> Trigger:
        return _TRIGGER_INTO[self.status]

    @property
    def wipes_keys(self) -> bool:
        return self.kind is ReactionKind.WIPE_AND_STOP


#: Why a session that was to be linked is not, on an engine that can't link accounts with a passkey.
PASSKEY_UNSUPPORTED: Final = "passkey_unsupported"

#: From whatsmeow (connectionevents.go and types/events/events.go at 33cfac5) and Baileys' DisconnectReason. 0 is a
#: connection that ended on this side though nobody asked for it: the engine itself was restarted. 1 to 4 are failures
#: of the session's own proxy (engine/proxies/failures.py); they pass when it is back, or when its owner changes it. 5
#: is an account with a passkey that was to be linked by an engine that can't.
REACTIONS: Final[Mapping[int, Reaction]] = MappingProxyType(
    {
        0: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "engine_stopped"),
        1: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "proxy_unreachable"),
        2: Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, "proxy_login_refused"),
        3: Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, "proxy_not_allowed"),
        4: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "proxy_refused"),
        5: Reaction(ReactionKind.STOP, SessionStatus.ERROR, PASSKEY_UNSUPPORTED),
        400: Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, "refused"),
        401: Reaction(ReactionKind.WIPE_AND_STOP, SessionStatus.LOGGED_OUT, "logged_out"),
        402: Reaction(ReactionKind.WAIT_UNTIL, SessionStatus.BANNED, "temporarily_banned"),
        403: Reaction(ReactionKind.WIPE_AND_STOP, SessionStatus.LOGGED_OUT, "account_locked"),
        405: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "client_outdated"),
        406: Reaction(ReactionKind.WIPE_AND_STOP, SessionStatus.LOGGED_OUT, "account_banned"),
        408: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "timed_out"),
        409: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "bad_user_agent"),
        411: Reaction(ReactionKind.STOP, SessionStatus.ERROR, "multidevice_mismatch"),
        413: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "client_token_expired"),
        414: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "client_token_invalid"),
        415: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "client_not_found"),
        418: Reaction(ReactionKind.ALERT, SessionStatus.ERROR, "client_unknown"),
        428: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "connection_closed"),
        440: Reaction(ReactionKind.CONFLICT, SessionStatus.CONFLICT, "replaced"),
        500: Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, "server_error"),
        501: Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, "not_implemented"),
        503: Reaction(ReactionKind.BACKOFF, SessionStatus.CONNECTING, "service_unavailable"),
        515: Reaction(ReactionKind.RECONNECT_NOW, SessionStatus.CONNECTING, "restart_required"),
    }
)

#: 408 while linking means that WhatsApp's codes (60 s and five times 20 s) ran out unscanned. Going on would show
#: codes to nobody for ever.
QR_TIMEOUT: Final = Reaction(ReactionKind.STOP, SessionStatus.DISCONNECTED, "qr_timeout")

#: The session's keys are those of another engine than it names. Linking anew would destroy a link that works.
WRONG_ENGINE: Final = Reaction(ReactionKind.STOP, SessionStatus.ERROR, "wrong_engine")

#: Failures in a row after which BACKOFF_LIMITED goes on slowly: about five minutes of attempts.
FAILURES_UNTIL_ERROR: Final = 10

#: A ban whose end WhatsApp did not tell is taken to last as long as the shortest that users report.
BAN_SECONDS_IF_UNTOLD: Final = 24 * 3600.0


def reaction_to(code: int, *, linking: bool) -> Reaction:
    """What to do about a connection that ended with ``code``; ``linking`` if it was showing codes to scan."""
    if code == 408 and linking:
        return QR_TIMEOUT
    known = REACTIONS.get(code)
    return known or Reaction(ReactionKind.BACKOFF_LIMITED, SessionStatus.CONNECTING, f"closed_{code}")


# -- the session ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as stored. ``since`` is when it took its status, ``retry_at`` when a worker may try again.

    ``linked_at`` is when a phone let it in; ``paused_until`` is when sending goes on, if there is a ``pause_reason``.
    """

    id: SessionId
    account_id: AccountId
    name: str
    phone: str | None = None
    purpose: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: The name of the engine that its keys are made for.
    engine: EngineName = "baileys"
    status: SessionStatus = SessionStatus.DISCONNECTED
    status_reason: str | None = None
    since: datetime
    desired: Desired = Desired.DISCONNECTED
    reconnect_asked: bool = False
    retry_at: datetime | None = None
    jid: Jid | None = None
    lid: Jid | None = None
    push_name: str = ""
    linked_at: datetime | None = None
    pause_reason: PauseReason | None = None
    paused_until: datetime | None = None
    worker_id: WorkerId | None = None
    epoch: int = 0
    lease_until: datetime | None = None
    #: The worker that is to have it next.
    move_to: WorkerId | None = None
    created_at: datetime
    updated_at: datetime
    last_connected_at: datetime | None = None
    last_disconnected_at: datetime | None = None
    created_by: str | None = None

    @property
    def is_on_its_way(self) -> bool:
        """Whether it is wanted online and is not yet, for no reason that would keep it from it."""
        return self.desired is Desired.CONNECTED and self.status is SessionStatus.CONNECTING

    def moved(
        self,
        trigger: Trigger,
        now: datetime,
        *,
        reason: str | None = None,
        retry_at: datetime | None = None,
    ) -> "Session":
        """This session after one step of the table.

        :raises ForbiddenTransition: if the table has no such step.
        """
        status = after(self.status, trigger)
        if status is self.status and (trigger in _IDEMPOTENT or status is SessionStatus.BANNED):
            return self
        if trigger is Trigger.OPENING and reason is None:
            # Why it has to try again stays true until it is online.
            reason = self.status_reason
        was, is_ = self.status is SessionStatus.CONNECTED, status is SessionStatus.CONNECTED
        return replace(
            self,
            status=status,
            status_reason=reason,
            since=now if status is not self.status else self.since,
            retry_at=retry_at,
            updated_at=now,
            last_connected_at=now if is_ and not was else self.last_connected_at,
            last_disconnected_at=now if was and not is_ else self.last_disconnected_at,
        )

    def moved_to(self, engine: EngineName, now: datetime, reason: str = "engine_changed") -> "Session":
        """This session on another engine, taken away from whoever hosts it. The new epoch keeps them from writing; a
        session that is wanted connected waits for a worker.
        """
        after = replace(
            self,
            engine=engine,
            worker_id=None,
            lease_until=None,
            epoch=self.epoch + 1,
            reconnect_asked=False,
            updated_at=now,
        )
        if self.desired is Desired.DISCONNECTED and self.status in LIVE:
            # Its worker had not closed the connection yet.
            return after.moved(Trigger.DISCONNECT, now, reason="disconnected_by_customer")
        if self.desired is Desired.CONNECTED and (self.status in LIVE or self.status is SessionStatus.ERROR):
            return after.moved(Trigger.RECONNECT, now, reason=reason)
        return after

    def unlinked(self) -> "Session":
        """This session without an identity."""
        return replace(self, jid=None, lid=None, push_name="", linked_at=None, pause_reason=None, paused_until=None)

    def resource(self) -> dict[str, Any]:
        """What customers see, in events and in answers alike."""
        return {
            "id": str(self.id),
            "name": self.name,
            "phone": self.phone,
            "purpose": self.purpose,
            "engine": self.engine,
            "status": self.status.value,
            "statusReason": self.status_reason or self._paused(),
            "workerId": None if self.worker_id is None else str(self.worker_id),
            "me": None
            if self.jid is None
            else {
                "jid": str(self.jid),
                "lid": None if self.lid is None else str(self.lid),
                "pushName": self.push_name,
            },
            "metadata": dict(self.metadata),
            "createdAt": timestamp(self.created_at),
            "updatedAt": timestamp(self.updated_at),
            "lastConnectedAt": timestamp(self.last_connected_at),
            "lastDisconnectedAt": timestamp(self.last_disconnected_at),
            "createdBy": self.created_by,
        }

    def _paused(self) -> str | None:
        if self.pause_reason is None or self.status is not SessionStatus.CONNECTED:
            return None
        return self.pause_reason.value

    def tells_more_than(self, before: "Session") -> bool:
        """Whether a customer who knows ``before`` should be told: anything but who hosts it and when it was touched."""
        quiet = dict.fromkeys(("workerId", "updatedAt"))
        return {**self.resource(), **quiet} != {**before.resource(), **quiet}


def timestamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# -- the lease ------------------------------------------------------------------------------------------------------

#: How long a worker that says nothing keeps its sessions: short enough to fail over within ten seconds' notice more,
#: long enough that a stalled disk does not drop every connection. Renewed every third of it.
LEASE_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right of one worker to host one session. ``epoch`` is the fencing token that every write carries."""

    session: SessionId
    worker: WorkerId
    epoch: int
