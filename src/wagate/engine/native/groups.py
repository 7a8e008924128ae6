"""Who is in a group, as far as sending needs it. What is cached has a bound, and notifications correct it."""

from dataclasses import dataclass

from wagate.engine.native.line import Line
from wagate.engine.native.lru import Lru
from wagate.wire.jid import Jid
from wagate.wire.node import Node

#: By link and group, for all links of an engine together. A group of 200 takes 30 kB.
Groups = Lru[tuple[int, Jid], "Membership"]
MEMBERSHIPS = 1_000
#: Notifications correct it; this is for those that were missed.
MEMBERSHIP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The members of a group by the names that messages to it use."""

    members: tuple[Jid, ...]
    by_lid: bool


class GroupBook:
    """The groups of one link."""

    def __init__(self, link: int, line: Line, groups: Groups) -> None:
        self._link = link
        self._line = line
        self._groups = groups

    async def members(self, group: Jid) -> Membership:
        """Who is in a group.

        :raises QueryFailed: 403 if we are not in it, 404 if there is none, or the server does not answer.
        """
        known = self._groups.get((self._link, group))
        if known is None:
            answer = await self._line.ask("w:g2", "get", Node("query", {"request": "interactive"}), to=group)
            known = _read(answer)
            self._groups.put((self._link, group), known)
        return known

    def forget(self, group: Jid) -> None:
        """Ask anew next time."""
        self._groups.pop((self._link, group))


def _read(answer: Node) -> Membership:
    group = answer.child("group") or Node("group")
    by_lid = group.get("addressing_mode") == "lid"
    members = []
    for participant in group.all("participant"):
        jid = participant.jid("jid")
        # A group by LID may name members by number, with the LID beside it, and the other way round.
        if jid is not None and jid.is_lid != by_lid:
            jid = participant.jid("lid" if by_lid else "phone_number") or jid
        if jid is not None:
            members.append(jid.bare)
    return Membership(members=tuple(members), by_lid=by_lid)
