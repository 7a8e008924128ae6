"""Many sessions of one tenant, linked and quiet, and when they log in."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from tests.chaos.fleet import ChaosFleet
from tests.chaos.traffic import link, new_account
from tests.scenarios.rig import Json, new_number
from wagate.cli.client import ApiClient

_AT_A_TIME = 8
_TELL_EVERY = 50
_LOOK_SECONDS = 0.25


class Crowd:
    """The sessions, by their numbers; and the sandbox's record of them from :meth:`mark` on."""

    def __init__(self, fleet: ChaosFleet, say: Callable[[str], None]) -> None:
        self.fleet = fleet
        self.numbers: list[str] = []
        self._sessions: list[str] = []
        self._key = ""
        self._say = say
        self._after = "0"
        #: By number, when it logged in first; when attempts were made. In seconds of the machine's clock.
        self.logins: dict[str, float] = {}
        self.attempts: list[float] = []

    async def link(self, count: int) -> None:
        _, self._key = await new_account(self.fleet.postgres.url, "crowd")
        turn = asyncio.Semaphore(_AT_A_TIME)
        async with ApiClient(self.fleet.balancer.url, self._key) as api:

            async def one() -> None:
                async with turn:
                    number = await self.fleet.phone(new_number())
                    session = str((await api.call("POST", "/api/sessions", {"name": number}))["id"])
                    self._sessions.append(session)
                    await link(self.fleet, api, session, number)
                    self.numbers.append(number)
                    if len(self.numbers) % _TELL_EVERY == 0:
                        self._say(f"{len(self.numbers)} sessions linked")

            await asyncio.gather(*(one() for _ in range(count)))

    async def leave(self) -> None:
        """Delete the sessions."""
        sessions, self._sessions, self.numbers = self._sessions, [], []
        async with ApiClient(self.fleet.balancer.url, self._key) as api:
            for session in sessions:
                await api.call("DELETE", f"/api/sessions/{session}")

    async def mark(self) -> float:
        """Begin to count; the time."""
        await self._read()
        self.logins, self.attempts = {}, []
        return time.time()

    async def all_back(self, patience: float) -> int:
        """Wait until every session has logged in since the mark, or ``patience`` seconds; how many have not."""
        deadline = time.monotonic() + patience
        while len(self.logins) < len(self.numbers) and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._read()
        return len(self.numbers) - len(self.logins)

    async def _read(self) -> None:
        for entry in await self.fleet.wire(after=self._after):
            self._after = str(entry["seq"])
            self._note(entry)

    def _note(self, entry: Json) -> None:
        at = datetime.fromisoformat(str(entry["at"])).timestamp()
        if entry["stanza"] == "login":
            self.logins.setdefault(str(entry["session"]).partition(":")[0], at)
        elif entry["stanza"] == "connected" or (entry["stanza"] == "refused" and entry["detail"] == "away"):
            self.attempts.append(at)
