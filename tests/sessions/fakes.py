"""An engine session that does what a test says."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from wagate.engine.port import Closed, EngineEvent, EventSink, OpenRequest, PasskeyAssertion, Vitals
from wagate.wire.jid import Jid
from wagate.wire.node import Node


class FakeLink:
    """One connection. :meth:`say` is the server; what was asked of it is remembered."""

    def __init__(self, request: OpenRequest | None = None, sink: EventSink | None = None) -> None:
        self.request = request
        self._sink = sink
        self.proxy = "" if request is None else request.proxy
        self.links_by_passkey = True
        self.assertions: list[PasskeyAssertion] = []
        self.closed = False
        self.logged_out = False
        self.phones: list[str] = []
        self.health = Vitals()
        #: Raised by whatever is asked of it.
        self.failure: Exception | None = None
        #: It hears nothing and answers nothing.
        self.deaf = False

    async def say(self, *events: EngineEvent) -> None:
        for event in events:
            self.closed = self.closed or isinstance(event, Closed)
            if self._sink is not None:
                await self._sink(event)

    async def relay(
        self,
        to: Jid,
        message: bytes,
        message_id: str,
        attributes: Mapping[str, str] = {},
        recipients: Collection[Jid] = (),
    ) -> datetime:
        raise NotImplementedError

    async def query(self, node: Node, timeout: float = 0.0) -> Node:
        raise NotImplementedError

    async def send(self, node: Node) -> None:
        raise NotImplementedError

    async def learn_lids(self, pairs: Sequence[tuple[Jid, Jid]]) -> None:
        raise NotImplementedError

    async def request_pairing_code(self, phone: str) -> str:
        if self.failure is not None:
            raise self.failure
        self.phones.append(phone)
        return "ABCD1234"

    async def answer_passkey(self, assertion: PasskeyAssertion) -> None:
        if self.failure is not None:
            raise self.failure
        self.assertions.append(assertion)

    async def logout(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.logged_out = True
        await self.end(401)

    async def close(self) -> None:
        await self.end(0)

    async def end(self, code: int, retry_at: datetime | None = None) -> None:
        """The connection ends, once."""
        if not self.closed and not self.deaf:
            await self.say(Closed(code=code, reason="", retry_at=retry_at))

    def vitals(self) -> Vitals:
        return self.health
