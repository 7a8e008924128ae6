"""The fence in front of everything that is written for a session.

Only the owner of a session's lease may change what is stored for it. Each claim of the lease raises the session's
epoch; every transaction that writes for a session checks that the epoch it was given still rules.
"""

from sqlalchemy import bindparam, column, select, table

from wagate.core.errors import Conflict
from wagate.core.ids import SessionId
from wagate.storage.database import Tx

# Declared by sessions.store; only these two columns matter here, and engine must not import a feature.
_sessions = table("sessions", column("id"), column("epoch"))
# FOR SHARE on PostgreSQL: a claim that comes in between waits for this transaction. SQLite has one writer anyway.
_RULING = select(_sessions.c.epoch).where(_sessions.c.id == bindparam("session")).with_for_update(read=True)


class StaleEpoch(Conflict):
    """Another worker owns this session now."""

    code = "stale_epoch"


def check_epoch(tx: Tx, session_id: SessionId, epoch: int) -> None:
    """Go on only if ``epoch`` rules, and keep it ruling until this transaction ends.

    :raises StaleEpoch: if it does not, or the session is gone.
    """
    if tx.execute(_RULING, {"session": session_id}).scalar() != epoch:
        raise StaleEpoch
