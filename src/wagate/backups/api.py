"""The routes of backups, for those who run the gateway."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from wagate.backups.errors import BackupNotFound, BackupUnreadable, SessionIntact
from wagate.backups.model import Backup
from wagate.backups.service import Backups
from wagate.core.ids import SessionId
from wagate.engine.port import KeysUnreadable
from wagate.sessions.errors import SessionNotFound
from wagate.web.auth import PlatformAccess
from wagate.web.models import ApiModel, ApiRequest, Timestamp
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter


class BackupBody(ApiModel):
    """A backup of a session."""

    version: str
    epoch: int
    """How often the session had changed hands when it was taken."""
    size: int
    """In bytes, sealed."""
    taken_at: Timestamp


class BackupsBody(ApiModel):
    """The backups of a session, the newest first; the last few are kept."""

    items: list[BackupBody]


class RestoreSession(ApiRequest):
    """What to restore."""

    version: Annotated[str, StringConstraints(pattern=r"^\d{8,}-\d{8}T\d{6}$")] | None = None
    """The newest unless given."""
    force: bool = False
    """Also if the session has its keys."""


class RestoredBody(ApiModel):
    """A session that was given the keys of a backup."""

    id: SessionId
    status: str
    epoch: int


def router(backups: Backups) -> APIRouter:
    """Routes of backups."""
    routes = ApiRouter(tags=["administration"])

    @routes.get("/api/admin/sessions/{session_id}/backups", responses=problem_responses(SessionNotFound))
    async def list_session_backups(session_id: SessionId, _principal: PlatformAccess) -> BackupsBody:
        """The encrypted backups of a session of any account."""
        return BackupsBody(items=[_body(backup) for backup in await backups.of(session_id)])

    @routes.post(
        "/api/admin/sessions/{session_id}/restore",
        status_code=202,
        responses=problem_responses(SessionNotFound, BackupNotFound, BackupUnreadable, SessionIntact, KeysUnreadable),
    )
    async def restore_session(session_id: SessionId, body: RestoreSession, principal: PlatformAccess) -> RestoredBody:
        """Give a session that lost its keys those of a backup. No message key is used again: its peers begin anew with
        it, and what they sent meanwhile they are asked for again.
        """
        after = await backups.restore(principal, session_id, body.version, force=body.force)
        return RestoredBody(id=after.id, status=after.status, epoch=after.epoch)

    return routes


def _body(backup: Backup) -> BackupBody:
    return BackupBody(version=backup.version, epoch=backup.epoch, size=backup.size, taken_at=backup.taken_at)
