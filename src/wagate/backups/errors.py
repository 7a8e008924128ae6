"""How a restore says no."""

from wagate.core.errors import Conflict, NotFound


class BackupNotFound(NotFound):
    """There is no such backup of this session."""

    code = "backup_not_found"


class BackupUnreadable(Conflict):
    """This backup was changed, belongs to another session, or its key is not in the ring."""

    code = "backup_unreadable"


class SessionIntact(Conflict):
    """The keys of this session are there; restoring would only make its peers begin anew. Ask with force."""

    code = "session_intact"
