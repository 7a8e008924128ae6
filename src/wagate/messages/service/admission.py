"""Whether a message may be accepted: the account's plan, and the protection of the number that sends it.

Everything is first looked at and then, when the message is written, counted in the same transaction; so limits are
exact however many gateways accept at once. Nothing is read or counted for who has no limits.
"""

from dataclasses import dataclass
from datetime import datetime

from wagate.core.ids import AccountId, SessionId
from wagate.messages import store
from wagate.messages.errors import FirstContactBudget, NewChatsRestricted
from wagate.messages.warmup import first_contacts as warmed_up
from wagate.plans import store as plans
from wagate.plans.model import UNLIMITED, Quota, day_of
from wagate.plans.tally import check_message, count_message
from wagate.sessions.model import PauseReason
from wagate.sessions.store import Sender
from wagate.storage.database import Tx
from wagate.wire.jid import Jid


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an admitted message will use up. ``budget`` is that of first contacts, if it is one that is counted."""

    account: AccountId
    session: SessionId
    sender: Sender
    budget: int | None
    now: datetime

    def count(self, tx: Tx) -> None:
        """Count the message.

        :raises PlanLimit: :raises FirstContactBudget: if others were faster.
        """
        if self.sender.plan is not UNLIMITED:
            count_message(tx, self.account, self.sender.plan, self.now)
        if self.budget is not None:
            day = day_of(self.now)
            if not plans.take(tx, self.session, Quota.FIRST_CONTACTS_PER_DAY, day, self.budget):
                raise FirstContactBudget(limit=self.budget, used=self.budget, resets_at=day.ends, now=self.now)


def admit(
    tx: Tx,
    *,
    account: AccountId,
    session: SessionId,
    sender: Sender,
    chat: Jid,
    first_contacts: int,
    now: datetime,
) -> Admission:
    """Look whether one more message to ``chat`` may be accepted. ``first_contacts`` is the most first messages of a
    number a day where the plan does not say otherwise, 0 for no bound.

    :raises PlanLimit: :raises FirstContactBudget: :raises NewChatsRestricted:
    """
    plan = sender.plan
    if plan is not UNLIMITED:
        check_message(tx, account, plan, now)
    if plan.first_contacts_per_day is not None:
        first_contacts = plan.first_contacts_per_day
    restricted = _restricted_until(sender, now)
    budget = None
    if (first_contacts or restricted) and _is_person(chat, sender) and not store.chat_known(tx, session, chat):
        if restricted is not None:
            raise NewChatsRestricted(until=restricted, now=now)
        day = day_of(now)
        budget = warmed_up(first_contacts, sender.linked_at, now)
        used = plans.used(tx, session, Quota.FIRST_CONTACTS_PER_DAY, day)
        if used >= budget:
            raise FirstContactBudget(limit=budget, used=used, resets_at=day.ends, now=now)
    return Admission(account=account, session=session, sender=sender, budget=budget, now=now)


def _restricted_until(sender: Sender, now: datetime) -> datetime | None:
    if sender.pause_reason != PauseReason.NEW_CHATS_RESTRICTED:
        return None
    until = sender.paused_until
    return until if until is not None and until > now else None


def _is_person(chat: Jid, sender: Sender) -> bool:
    """Whether somebody else would get the message who may never have heard of the sender."""
    return (chat.is_pn or chat.is_lid) and (sender.jid is None or chat != sender.jid.bare)
