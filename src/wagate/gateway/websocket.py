"""What a WebSocket may do: take part, and hold nothing that it does not use.

uvicorn (0.54) closes a connection only after everything was written, and answers pings though the answers are not read,
so a peer that reads nothing would hold a socket, or fill the memory, for as long as it likes. It also logs a traceback
for whoever sends text that is none.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, for strangers."""

    #: From the end of the application's part on, for what was written to be read.
    farewell_seconds: ClassVar[float] = 5.0

    _farewell: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected:
            self._farewell = self.loop.call_later(self.farewell_seconds, self.transport.abort)

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            # Taken and dropped.
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        # Pieces are kept until the last; empty ones would count towards no limit.
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
