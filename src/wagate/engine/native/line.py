"""What the parts of one link share: the device, its records, and the way to the server."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from wagate.core.clock import Clock
from wagate.core.logging import get_logger
from wagate.engine.native.device import Device
from wagate.engine.native.journal import Journal, Refused
from wagate.engine.native.records import DEVICE
from wagate.engine.native.stream import Stream
from wagate.engine.native.vault import Vault
from wagate.engine.port import QueryFailed
from wagate.wire.jid import SERVER
from wagate.wire.keys import Entropy, KeyPair
from wagate.wire.node import Attr, Node

#: As long as Baileys waits for an answer.
QUERY_SECONDS = 60.0

_log = get_logger("engine.native")


class Line:
    """The middle of a link. ``stream`` is there once connected."""

    def __init__(self, device: Device, journal: Journal, vault: Vault, clock: Clock, entropy: Entropy) -> None:
        self.device = device
        self.identity = KeyPair.from_private(device.identity)
        self.journal = journal
        self.vault = vault
        self.clock = clock
        self.entropy = entropy
        self.stream: Stream | None = None
        #: The round trip of the last query, in milliseconds.
        self.ping_ms: float | None = None
        self._tag = entropy(4).hex()
        self._count = 0
        #: Called when the server is asked something: whoever has stopped reading must read on.
        self.on_query: Callable[[], None] = _nothing
        self._asked: dict[str, asyncio.Future[Node]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    def now(self) -> int:
        """The wall clock in seconds since 1970, as stanzas carry it."""
        return int(self.clock.now().timestamp())

    def new_id(self) -> str:
        """An id for a stanza of ours."""
        self._count += 1
        return f"{self._tag}-{self._count}"

    # -- to the server

    def post(self, node: Node) -> None:
        """Send once all that was recorded so far is stored, after all that was posted before."""
        self.journal.when_durable(lambda: self._write(node))

    def acknowledge(self, node: Node, error: str = "") -> None:
        """Tell the server that a stanza has arrived, as :meth:`post` does."""
        attrs: dict[str, Attr] = {"class": node.tag, "id": node.get("id")}
        attrs |= {"to": node.attrs["from"]} if "from" in node.attrs else {}
        attrs |= {name: node.attrs[name] for name in ("participant", "recipient") if name in node.attrs}
        if node.tag != "message" and "type" in node.attrs:
            attrs["type"] = node.attrs["type"]
        if error:
            attrs["error"] = error
        self.post(Node("ack", attrs))

    async def query(self, node: Node, timeout: float = QUERY_SECONDS) -> Node:
        """Send an ``iq`` under a new id; the answer.

        :raises QueryFailed: for an error, none within ``timeout`` seconds (408), or the end of the connection (428).
        """
        if self._over or self.stream is None:
            raise QueryFailed(428, "the connection closed")
        iq_id = self.new_id()
        answer: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        self._asked[iq_id] = answer
        self.on_query()
        begun = self.clock.monotonic()
        try:
            self.post(Node(node.tag, {**node.attrs, "id": iq_id}, node.content))
            async with asyncio.timeout(timeout):
                result = await answer
        except TimeoutError:
            raise QueryFailed(408, "no answer in time") from None
        finally:
            self._asked.pop(iq_id, None)
        self.ping_ms = (self.clock.monotonic() - begun) * 1000
        if result.get("type") == "error":
            error = result.child("error")
            code, text = (error.number("code"), error.get("text")) if error is not None else (None, "")
            raise QueryFailed(code or 0, text)
        return result

    async def ask(self, xmlns: str, kind: str, *content: Node, to: Attr = SERVER) -> Node:
        """A query in its usual form: ``kind`` is get or set."""
        return await self.query(Node("iq", {"to": to, "type": kind, "xmlns": xmlns}, list(content) or None))

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._asked)

    def answered(self, node: Node) -> bool:
        """Take the answer to a query; whether it is one."""
        waiting = self._asked.get(node.get("id"))
        if waiting is None:
            return False
        if not waiting.done():
            waiting.set_result(node)
        return True

    @property
    def working(self) -> int:
        """How many pieces of work run beside the rest."""
        return len(self._tasks)

    # -- the device

    def change(self, **changes: object) -> None:
        """Replace fields of the device, and record that if it is linked."""
        self.device = msgspec.structs.replace(self.device, **changes)
        if self.device.linked:
            self.vault.put(DEVICE, "", self.device)

    # -- work beside

    def spawn(self, work: Callable[[], Coroutine[Any, Any, None]], what: str) -> None:
        """Run something of this link beside the rest, unless it is over; the link outlives its failure."""
        if self._over:
            return
        task = asyncio.get_running_loop().create_task(self._guarded(work, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        """Nothing goes out and nobody waits any more."""
        self._over = True
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(QueryFailed(428, "the connection closed"))
        for task in self._tasks:
            task.cancel()

    def _write(self, node: Node) -> None:
        if self.stream is not None and not self._over:
            self.stream.post(node)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]], what: str) -> None:
        try:
            await work()
        except (QueryFailed, Refused) as error:
            _log.info("work of a session was not finished", what=what, reason=str(error))
        except Exception:  # noqa: BLE001 - one stanza's trouble must not end the connection
            _log.error("work of a session failed", what=what, exc_info=True)


def _nothing() -> None:
    """Nobody has to be told."""
