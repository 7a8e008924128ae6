"""Groups (namespace ``w:g2``): asked to the group itself, or to ``@g.us`` for what concerns none or many."""

from wagate.sandbox.groups import Group
from wagate.sandbox.model import Account
from wagate.sandbox.queries.request import Handler, Refuse, Request
from wagate.wire.node import Node


def _group(request: Request, *, admin: bool = False) -> Group:
    to = request.node.jid("to")
    group = request.world.groups.get(to) if to is not None else None
    number = request.device.account.number
    if group is None:
        raise Refuse(404, "item-not-found")
    if number not in group.members or (admin and number not in group.admins):
        raise Refuse(403, "forbidden")
    return group


def _accounts(request: Request, node: Node) -> list[Account]:
    found = (request.world.find(jid) for part in node.all("participant") if (jid := part.jid("jid")) is not None)
    return [one[0] for one in found if one is not None]


def _query(request: Request) -> list[Node]:
    return [request.world.groups.node(_group(request))]


def _participating(request: Request) -> list[Node]:
    groups = request.world.groups
    return [Node("groups", {}, [groups.node(group) for group in groups.of(request.device.account)])]


def _create(request: Request) -> list[Node]:
    subject = request.body.get("subject")
    if not subject:
        raise Refuse(406, "not-acceptable")
    groups = request.world.groups
    group = groups.create(subject, request.device.account, _accounts(request, request.body))
    return [groups.node(group)]


def _members(request: Request) -> list[Node]:
    group = _group(request, admin=True)
    what = request.body.tag
    request.world.groups.change_members(group, request.device.account, what, _accounts(request, request.body))
    answers: list[Node] = []
    for part in request.body.all("participant"):
        jid = part.jid("jid")
        known = request.world.find(jid) if jid is not None else None
        if known is None:
            answers.append(Node("participant", {"jid": part.attrs.get("jid", ""), "error": "404"}))
        else:
            answers.append(request.world.groups.participant(group, known[0]))
    return [Node(what, {}, answers)]


def _leave(request: Request) -> list[Node]:
    account = request.device.account
    left: list[Node] = []
    for part in request.body.all("group"):
        jid = part.jid("id")
        group = request.world.groups.get(jid) if jid is not None else None
        if group is not None:
            request.world.groups.change_members(group, account, "remove", [account])
            left.append(Node("group", {"id": group.jid}))
    return [Node("leave", {}, left)]


def _subject(request: Request) -> None:
    group = _group(request)
    group.subject = request.body.text
    change = Node("subject", {"subject": group.subject, "s_t": request.world.seconds()})
    request.world.groups.tell(group, request.device.account, change)


def _description(request: Request) -> None:
    group = _group(request)
    body = request.body.child("body")
    group.description = body.text if body is not None else ""
    group.description_id = request.body.get("id")
    content = [Node("body", {}, group.description.encode())] if group.description else None
    change = Node("description", {"id": group.description_id}, content)
    request.world.groups.tell(group, request.device.account, change)


def _flag(request: Request) -> None:
    group = _group(request, admin=True)
    tag = request.body.tag
    on = not tag.startswith(("not_", "un"))
    flag = tag.removeprefix("not_").removeprefix("un")
    (group.flags.add if on else group.flags.discard)(flag)
    request.world.groups.tell(group, request.device.account, Node(tag))


def _ephemeral(request: Request) -> None:
    group = _group(request, admin=True)
    group.ephemeral = request.body.get("expiration")
    attrs = {"expiration": group.ephemeral} if group.ephemeral else {}
    request.world.groups.tell(group, request.device.account, Node(request.body.tag, attrs))


def _invite(request: Request) -> list[Node]:
    group = _group(request, admin=True)
    if request.node.get("type") == "set":
        group.invite_code = request.world.entropy(11).hex()
    return [Node("invite", {"code": group.invite_code})]


def _by_invite(request: Request) -> list[Node]:
    """Look a group up by its code (get), or join it (set)."""
    code = request.body.get("code")
    groups = request.world.groups
    group = next((g for g in groups.all() if code and g.invite_code == code), None)
    if group is None:
        raise Refuse(406, "not-acceptable")
    if request.node.get("type") == "get":
        return [groups.node(group)]
    groups.change_members(group, request.device.account, "add", [request.device.account])
    return [Node("group", {"jid": group.jid})]


def _invite_either(request: Request) -> list[Node]:
    to = request.node.jid("to")
    return _invite(request) if to is not None and to.user else _by_invite(request)


TABLE: dict[tuple[str, str, str], Handler] = {
    ("w:g2", "get", "query"): _query,
    ("w:g2", "get", "participating"): _participating,
    ("w:g2", "get", "invite"): _invite_either,
    ("w:g2", "set", "invite"): _invite_either,
    ("w:g2", "set", "create"): _create,
    ("w:g2", "set", "leave"): _leave,
    ("w:g2", "set", "subject"): _subject,
    ("w:g2", "set", "description"): _description,
    ("w:g2", "set", "ephemeral"): _ephemeral,
    ("w:g2", "set", "not_ephemeral"): _ephemeral,
    **{("w:g2", "set", tag): _members for tag in ("add", "remove", "promote", "demote")},
    **{("w:g2", "set", tag): _flag for tag in ("announcement", "not_announcement", "locked", "unlocked")},
}
