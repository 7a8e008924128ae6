"""Answers to ``iq`` stanzas: a table of (namespace, type, first child), one module for each group of namespaces."""

from typing import TYPE_CHECKING

from wagate.sandbox.model import Device
from wagate.sandbox.queries import account, directory, groups, keys
from wagate.sandbox.queries.request import ANY, Handler, Refuse, Request, error, result
from wagate.wire.node import Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World

TABLE: dict[tuple[str, str, str], Handler] = account.TABLE | directory.TABLE | groups.TABLE | keys.TABLE


def answer(world: "World", device: Device, node: Node) -> list[Node]:
    """The answer of the server to a query of a logged-in device, always exactly one ``iq``."""
    child = node.children[0].tag if node.children else ""
    namespace, kind = node.get("xmlns"), node.get("type")
    handler = TABLE.get((namespace, kind, child)) or TABLE.get((namespace, kind, ANY))
    if handler is None:
        world.complain(f"unknown query {namespace} {kind} {child}", str(device.jid))
        return [refuse(node, 501, "feature-not-implemented")]
    try:
        return [result(node, handler(Request(world, device, node)))]
    except Refuse as refusal:
        return [refuse(node, refusal.code, refusal.text)]
    except ValueError as problem:
        world.complain(f"malformed query {namespace} {kind} {child}: {problem}", str(device.jid))
        return [refuse(node, 400, "bad-request")]


def refuse(node: Node, code: int, text: str) -> Node:
    """An error answer."""
    return error(node, code, text)
