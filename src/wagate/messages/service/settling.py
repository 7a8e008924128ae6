"""Writing down how messages ended, many in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from wagate.core.ids import SessionId
from wagate.engine.lease import check_epoch
from wagate.events.model import EventType
from wagate.events.service import EventLog
from wagate.messages import store
from wagate.messages.model import Failure, Message, MessageStatus
from wagate.messages.service.topics import wake_for
from wagate.storage.bus import Bus
from wagate.storage.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a message ended: acknowledged ``at``, or failed."""

    message: Message
    at: datetime | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles the messages of one session under one lease."""

    events: EventLog
    bus: Bus
    session: SessionId
    epoch: int

    def settle(self, tx: Tx, batch: list[Answer]) -> None:
        """Write the answers down, and tell them in the order in which WhatsApp gave them.

        :raises StaleEpoch: if the lease is lost.
        """
        check_epoch(tx, self.session, self.epoch)
        by_moment: dict[datetime, list[Message]] = {}
        for answer in batch:
            if answer.at is not None:
                by_moment.setdefault(answer.at, []).append(answer.message)
        settled: set[int] = set()
        for at, messages in by_moment.items():
            settled |= store.settle_sent(tx, self.session, [message.seq for message in messages], at)
        for answer in batch:
            message = answer.message
            if answer.at is not None and message.seq in settled:
                self._tell(tx, EventType.MESSAGE_SENT, message.advanced(MessageStatus.SENT, answer.at))
            elif answer.failure is not None and store.settle_failed(tx, self.session, message.seq, answer.failure):
                self._tell(tx, EventType.MESSAGE_FAILED, message.failed(answer.failure))

    def _tell(self, tx: Tx, type: EventType, message: Message) -> None:
        self.events.append(
            tx,
            account_id=message.account_id,
            session_id=message.session_id,
            type=type,
            data=message.to_json(),
            traceparent=message.traceparent,
        )
        tx.after_commit(lambda: wake_for(self.bus, message))
