"""The fence in front of everything that is written for a session.

Only the owner of a session's lease may change what is stored for it. Each claim of the lease raises the session's
epoch; every transaction that writes for a session checks that the epoch it was given still rules.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, column, select, table

from wagate.core.errors import Conflict
from wagate.core.ids import SessionId
from wagate.storage.database import Refutation, Tx
from wagate.storage.dialect import padded

# Declared by sessions.store; only these two columns matter here, and engine must not import a feature.
_sessions = table("sessions", column("id"), column("epoch"))
# FOR SHARE on PostgreSQL: a claim that comes in between waits for this transaction. SQLite has one writer anyway.
# In the order of ids, so that two transactions that fence the same sessions don't wait for each other.
_RULING = (
    select(_sessions.c.id, _sessions.c.epoch)
    .where(_sessions.c.id.in_(bindparam("sessions", expanding=True)))
    .order_by(_sessions.c.id)
    .with_for_update(read=True)
)


class StaleEpoch(Conflict):
    """Another worker owns this session now."""

    code = "stale_epoch"


def check_epoch(tx: Tx, session_id: SessionId, epoch: int) -> None:
    """Commit only if ``epoch`` rules until then; all that share the commit are looked at together, at its end.

    The job fails with :class:`StaleEpoch` if it does not, or the session is gone.
    """
    tx.check_at_end(_all_rule, (session_id, epoch))


def _all_rule(tx: Tx, fenced: Sequence[tuple[SessionId, int]]) -> Refutation | None:
    rows = tx.execute(_RULING, {"sessions": padded({str(session) for session, _ in fenced})})
    ruling = {row.id: row.epoch for row in rows}
    for place, (session, epoch) in enumerate(fenced):
        if ruling.get(session) != epoch:
            return place, StaleEpoch()
    return None
