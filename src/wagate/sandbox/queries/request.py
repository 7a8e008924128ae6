"""What a query's handler gets and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wagate.sandbox.model import Device
from wagate.wire.jid import GROUP, SERVER, Jid
from wagate.wire.node import Node

if TYPE_CHECKING:
    from wagate.sandbox.world import World

#: In the table's place for the child: any, or none.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Request:
    """A query of a logged-in device."""

    world: "World"
    device: Device
    node: Node

    @property
    def body(self) -> Node:
        """The first child; an empty one if there is none."""
        return self.node.children[0] if self.node.children else Node("none")


#: Returns the children of the answer, if it has any.
Handler = Callable[[Request], Sequence[Node] | None]


class Refuse(Exception):
    """The answer is an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def result(node: Node, content: Sequence[Node] | None) -> Node:
    return Node("iq", {"from": _sender(node), "type": "result", "id": node.get("id")}, content or None)


def error(node: Node, code: int, text: str) -> Node:
    problem = Node("error", {"code": str(code), "text": text})
    return Node("iq", {"from": _sender(node), "type": "error", "id": node.get("id")}, [problem])


def _sender(node: Node) -> Jid:
    """Whom the answer comes from: the group that was asked, or the server. whatsmeow insists on a JID."""
    to = node.jid("to")
    return to if to is not None and to.server == GROUP else SERVER
