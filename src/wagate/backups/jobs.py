"""Backing up the sessions that are online here, a few at a time."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

from wagate.backups.service import Backups
from wagate.core.clock import Clock
from wagate.core.errors import Unavailable, WagateError
from wagate.core.ids import SessionId
from wagate.core.logging import get_logger

#: How often it is looked for sessions whose time has come: a new one is backed up within this.
LOOK_SECONDS: Final = 15.0
#: How often a session is looked at for changes. Who is who and the app state change slowly.
EVERY: Final = timedelta(minutes=30)
#: Sessions looked at in one round; the rest has its turn in the next.
ROUND: Final = 100
#: After so many rounds it is looked for backups that are of no use any more.
_TIDY_ROUNDS: Final = 20

_log = get_logger("backups")


class BackupTaker:
    """The background job of one process. ``online`` names the sessions that it hosts and that are online."""

    def __init__(self, *, backups: Backups, online: Callable[[], Collection[SessionId]], clock: Clock) -> None:
        self._backups = backups
        self._online = online
        self._clock = clock
        self._looked: dict[SessionId, float] = {}

    async def run(self) -> None:
        rounds = 0
        while True:
            try:
                await self.run_once()
                if rounds % _TIDY_ROUNDS == 0:
                    await self._backups.tidy()
                rounds += 1
            except Unavailable as error:
                _log.warning("backups wait", code=error.code)
            await self._clock.sleep(LOOK_SECONDS)

    async def run_once(self) -> int:
        """Look at the sessions whose time has come; how many were backed up.

        :raises Unavailable: if files or database are away; what is left has its turn the next time.
        """
        online, now, taken = set(self._online()), self._clock.monotonic(), 0
        self._looked = {session: at for session, at in self._looked.items() if session in online}
        due = [s for s in online if now - self._looked.get(s, -EVERY.total_seconds()) >= EVERY.total_seconds()]
        for session in due[:ROUND]:
            try:
                taken += await self._backups.take(session) is not None
            except Unavailable:
                raise
            except WagateError as error:
                _log.error("a session could not be backed up", session_id=session, code=error.code)
            self._looked[session] = now
        return taken
