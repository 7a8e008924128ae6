"""Groups: who is in which, and the server's side of changing that (namespace ``w:g2``)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wagate.sandbox.model import Account
from wagate.wire.jid import GROUP, Jid
from wagate.wire.node import Attr, Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """A group. Members, admins and creator are phone numbers."""

    jid: Jid
    subject: str
    creator: str
    created: str
    members: dict[str, None] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    description: str = ""
    description_id: str = ""
    #: Flags that are on: ``announcement``, ``locked``.
    flags: set[str] = field(default_factory=set)
    ephemeral: str = ""
    invite_code: str = ""


class Groups:
    """All groups of a world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._groups: dict[Jid, Group] = {}

    def get(self, jid: Jid) -> Group | None:
        return self._groups.get(jid)

    def all(self) -> list[Group]:
        return list(self._groups.values())

    def of(self, account: Account) -> list[Group]:
        """The groups that this account is in."""
        return [group for group in self._groups.values() if account.number in group.members]

    def create(self, subject: str, creator: Account, members: Iterable[Account]) -> Group:
        """A new group; the creator is its admin, and all of them are told."""
        digits = str(10**9 + int.from_bytes(self._world.entropy(4), "big"))
        group = Group(
            jid=Jid(f"120363{digits:>012}", GROUP),
            subject=subject,
            creator=creator.number,
            created=self._world.seconds(),
            members=dict.fromkeys([creator.number, *(m.number for m in members)]),
            admins={creator.number},
            invite_code=self._world.entropy(11).hex(),
        )
        self._groups[group.jid] = group
        self.tell(group, creator, Node("create", {"type": "new"}, [self.node(group)]))
        return group

    def change_members(self, group: Group, actor: Account, what: str, accounts: Iterable[Account]) -> list[Account]:
        """``what`` is add, remove, promote or demote; the accounts that it changed something for. All are told."""
        changed: list[Account] = []
        audience = set(group.members)
        for account in accounts:
            number = account.number
            inside, admin = number in group.members, number in group.admins
            if what == "add" and not inside:
                group.members[number] = None
            elif what == "remove" and inside:
                del group.members[number]
                group.admins.discard(number)
            elif what == "promote" and inside and not admin:
                group.admins.add(number)
            elif what == "demote" and admin:
                group.admins.discard(number)
            else:
                continue
            changed.append(account)
        if changed:
            participants = [self.participant(group, account) for account in changed]
            self.tell(group, actor, Node(what, {}, participants), audience | set(group.members))
        return changed

    def tell(self, group: Group, actor: Account, change: Node, audience: Iterable[str] = ()) -> None:
        """Send every device of the members the notification of a change."""
        for number in sorted(audience or group.members):
            account = self._world.accounts[number]
            notification = Node(
                "notification",
                {
                    "from": group.jid,
                    "type": "w:gp2",
                    "id": self._world.new_id(),
                    "t": self._world.seconds(),
                    "participant": actor.lid_jid,
                    "participant_pn": actor.pn_jid,
                    "addressing_mode": "lid",
                    "notify": actor.name,
                },
                [change],
            )
            self._world.router.spread(account, notification)

    def node(self, group: Group) -> Node:
        """``<group>`` as queries answer it."""
        creator = self._world.accounts[group.creator]
        attrs: dict[str, Attr] = {
            "id": group.jid.user,
            "subject": group.subject,
            "s_t": group.created,
            "s_o": creator.lid_jid,
            "creation": group.created,
            "creator": creator.lid_jid,
            "creator_pn": creator.pn_jid,
            "addressing_mode": "lid",
            "size": str(len(group.members)),
        }
        children = [self.participant(group, self._world.accounts[number]) for number in group.members]
        if group.description:
            body = Node("body", {}, group.description.encode())
            children.append(Node("description", {"id": group.description_id, "t": group.created}, [body]))
        if group.ephemeral:
            children.append(Node("ephemeral", {"expiration": group.ephemeral}))
        children += [Node(flag) for flag in sorted(group.flags)]
        return Node("group", attrs, children)

    def participant(self, group: Group, account: Account) -> Node:
        attrs: dict[str, Attr] = {"jid": account.lid_jid, "phone_number": account.pn_jid}
        if account.number in group.admins:
            attrs["type"] = "superadmin" if account.number == group.creator else "admin"
        return Node("participant", attrs)
