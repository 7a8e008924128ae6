"""What a device asks about itself and its account: login chores, privacy, settings, media, logging out."""

from wagate.sandbox.media import MAX_FILE_BYTES
from wagate.sandbox.queries.request import ANY, Handler, Refuse, Request
from wagate.wire.node import Node

#: How long a client may use one ``media_conn``, in seconds.
_MEDIA_TTL = "300"


def _nothing(request: Request) -> None:
    """An empty result is all it waits for."""


def _props(request: Request) -> list[Node]:
    # 10518: send the privacy token with one-to-one messages.
    prop = Node("prop", {"config_code": "10518", "config_value": "1"})
    return [Node("props", {"protocol": "1", "hash": "sandbox", "refresh": "86400"}, [prop])]


def _privacy(request: Request) -> list[Node]:
    account = request.device.account
    categories = [Node("category", {"name": n, "value": v}) for n, v in account.privacy.items()]
    return [Node("privacy", {}, categories)]


def _set_privacy(request: Request) -> list[Node]:
    account = request.device.account
    for category in request.body.all("category"):
        if category.get("name") not in account.privacy:
            raise Refuse(400, "bad-request")
        account.privacy[category.get("name")] = category.get("value")
    return _privacy(request)


def _tokens(request: Request) -> list[Node]:
    """The account trusts contacts; the answer has the tokens of those who trust it."""
    world, account = request.world, request.device.account
    held: list[Node] = []
    for token in request.body.all("token"):
        jid = token.jid("jid")
        found = world.find(jid) if jid is not None else None
        if found is not None and token.get("type") == "trusted_contact":
            world.tokens.give(account, found[0], token.get("t"))
            held += world.tokens.held(account, found[0])
    return [Node("tokens", {}, held)]


def _blocklist(request: Request) -> list[Node]:
    blocked = request.device.account.blocked
    return [Node("list", {}, [Node("item", {"jid": jid}) for jid in blocked])]


def _block(request: Request) -> list[Node]:
    account, item = request.device.account, request.body
    if item.get("action") == "block":
        account.blocked[item.get("jid")] = None
    else:
        account.blocked.pop(item.get("jid"), None)
    return _blocklist(request)


def _about(request: Request) -> None:
    request.device.account.about = request.body.text


def _media(request: Request) -> list[Node]:
    attrs = {"auth": request.world.media.auth, "ttl": _MEDIA_TTL, "auth_ttl": "21600", "max_buckets": "12"}
    host = {"hostname": request.world.media.hostname, "maxContentLengthBytes": str(MAX_FILE_BYTES)}
    return [Node("media_conn", attrs, [Node("host", host)])]


def _app_state(request: Request) -> list[Node]:
    """Fetches and changes of the five collections, which the phone keeps."""
    phone = request.device.account.phone
    answers: list[Node] = []
    for collection in request.body.all("collection"):
        name = collection.get("name")
        # Absent when a whole snapshot is asked for (whatsmeow).
        version = int(collection.get("version", "0"))
        patch = collection.child("patch")
        if patch is not None:
            answer = phone.app_state_patch(name, version, patch.data)
        else:
            answer = phone.app_state(name, version, collection.get("return_snapshot") == "true")
        answers.append(answer)
    return [Node("sync", {}, answers)]


def _unlink(request: Request) -> None:
    jid = request.body.jid("jid")
    device = request.device
    number = jid.device if jid is not None and jid.device else device.number
    # The answer goes out before the stream ends.
    request.world.after_this(lambda: request.world.unlink(device.account, number))


TABLE: dict[tuple[str, str, str], Handler] = {
    ("passive", "set", ANY): _nothing,
    ("w:p", "get", ANY): _nothing,
    ("w:stats", "set", ANY): _nothing,
    ("w:stats", "get", ANY): _nothing,
    ("urn:xmpp:whatsapp:dirty", "set", ANY): _nothing,
    ("urn:xmpp:whatsapp:push", "set", ANY): _nothing,
    ("urn:xmpp:whatsapp:account", "set", ANY): _nothing,
    ("disappearing_mode", "set", ANY): _nothing,
    ("w:profile:picture", "set", ANY): _nothing,
    ("abt", "get", ANY): _props,
    ("privacy", "get", ANY): _privacy,
    ("privacy", "set", "tokens"): _tokens,
    ("privacy", "set", "privacy"): _set_privacy,
    ("blocklist", "get", ANY): _blocklist,
    ("blocklist", "set", ANY): _block,
    ("status", "set", ANY): _about,
    ("w:m", "set", ANY): _media,
    ("w:m", "get", ANY): _media,
    ("w:sync:app:state", "set", "sync"): _app_state,
    ("w:sync:app:state", "get", "sync"): _app_state,
    ("md", "set", "remove-companion-device"): _unlink,
}
