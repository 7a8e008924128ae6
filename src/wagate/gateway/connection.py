"""What a connection may do before it is a request: nothing without end.

No key is asked for until the head of a request was read. uvicorn (0.54, with httptools) bounds neither its size nor how
long it takes, so that strangers could fill the memory or use up the open files.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: As much as h11 takes, and more than any of our requests needs.
MAX_HEAD_BYTES = 64 * 1024

#: Before an idle connection is closed it is read once more, for which two of these pass: the loop runs timers that are
#: due before it reads what has arrived, but never two of which the first sets the second.
_LAST_LOOK_SECONDS = 0.02

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, for strangers."""

    #: From the first byte of a request, or from the beginning of a connection, to the end of its head.
    head_seconds: ClassVar[float] = 30.0

    #: Bytes that came since the parser last got somewhere.
    _unfinished = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > MAX_HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        # What stands behind a chunked body is bounded like a head.
        self._unfinished = 0
        super().on_message_complete()

    def shutdown(self) -> None:
        """Answer the request under way, or the one that has arrived and was not read, and close."""
        self.loop.call_later(_LAST_LOOK_SECONDS, self.loop.call_later, _LAST_LOOK_SECONDS, super().shutdown)

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._is_answering():
            # It is not read on while the request before it is answered.
            self._await_head()
        else:
            self._refuse(_TOO_SLOW)

    def _head_came(self) -> None:
        self._unfinished = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._unfinished and not self._is_answering():
            self.transport.write(answer)
        self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete
