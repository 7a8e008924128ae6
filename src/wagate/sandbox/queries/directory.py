"""Who is on WhatsApp, with which devices, and what they show (``usync`` and profiles)."""

from wagate.sandbox.model import Account
from wagate.sandbox.queries.request import ANY, Handler, Refuse, Request
from wagate.wire.jid import Jid
from wagate.wire.node import Attr, Node


def _usync(request: Request) -> list[Node]:
    usync = request.body
    query, listed = usync.child("query"), usync.child("list")
    if query is None or listed is None:
        raise ValueError("a usync has query and list")
    protocols = [protocol.tag for protocol in query.children]
    users = [_user(request, query, protocols, user) for user in listed.all("user")]
    attrs: dict[str, Attr] = {
        "context": usync.get("context"),
        "mode": usync.get("mode"),
        "sid": usync.get("sid"),
        "index": "0",
        "last": "true",
    }
    results = Node("result", {}, [Node(protocol) for protocol in protocols])
    return [Node("usync", attrs, [results, Node("list", {}, users)])]


def _user(request: Request, query: Node, protocols: list[str], user: Node) -> Node:
    world = request.world
    jid = user.jid("jid")
    asked = user.child("contact")
    if jid is None:
        # By number: Baileys writes "+49…", whatsmeow "49…@c.us" and matches the answer by that very text.
        text = asked.text if asked is not None else ""
        number = text.partition("@")[0].lstrip("+")
        account = world.account(number)
        contact = query.child("contact")
        if contact is not None and contact.get("addressing_mode") == "lid":
            found = Node("contact", {"type": "in" if account else "out"}, text.encode())
            names: dict[str, Attr] = {"pn_jid": Jid(number)}
            if account is not None:
                names["jid"] = account.lid_jid
            return Node("user", names, [found])
        jid = Jid(number)
    else:
        known = world.find(jid)
        account = known[0] if known is not None else None
    children: list[Node] = []
    if "contact" in protocols:
        children.append(Node("contact", {"type": "in" if account else "out"}))
    if account is not None:
        children += _known(request, protocols, account, jid)
    return Node("user", {"jid": jid}, children)


def _known(request: Request, protocols: list[str], account: Account, jid: Jid) -> list[Node]:
    children: list[Node] = []
    now = request.world.seconds()
    if "devices" in protocols:
        account.watchers.add(request.device)
        # Clients drop devices without a key index.
        devices = [Node("device", {"id": "0"})]
        devices += [Node("device", {"id": str(n), "key-index": str(n)}) for n in account.devices]
        parts = [Node("device-list", {}, devices), Node("key-index-list", {"ts": now}, b"")]
        children.append(Node("devices", {}, parts))
    if "lid" in protocols and not jid.is_lid:
        children.append(Node("lid", {"val": account.lid_jid}))
    if "status" in protocols:
        children.append(Node("status", {"t": now}, account.about.encode()))
    if "disappearing_mode" in protocols:
        children.append(Node("disappearing_mode", {"duration": "0", "t": now}))
    return children


def _picture(request: Request) -> list[Node]:
    raise Refuse(404, "item-not-found")


def _business(request: Request) -> list[Node]:
    return [Node("business_profile", {"v": "244"}, [])]


TABLE: dict[tuple[str, str, str], Handler] = {
    ("usync", "get", "usync"): _usync,
    ("w:profile:picture", "get", ANY): _picture,
    ("w:biz", "get", ANY): _business,
}
