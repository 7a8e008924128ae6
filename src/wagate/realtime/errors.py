"""Why a stream, or what is asked over it, is refused."""

from wagate.core.errors import BadRequest, NotFound, TooMany, Unprocessable


class TooManyStreams(TooMany):
    """The account has as many streams and sockets open as it may have."""

    code = "too_many_streams"


class LastEventIdInvalid(BadRequest):
    """`Last-Event-ID`, or `after` of a socket, is not the id of an event."""

    code = "invalid_last_event_id"


class WebSocketOnly(BadRequest):
    """Socket.IO takes WebSocket alone: connect with `transports: ["websocket"]`, and a client of version 3 or 4."""

    code = "websocket_only"


class SocketDataInvalid(BadRequest):
    """What a socket sent as `auth`, or with what it emitted, is not of the documented form."""

    code = "invalid_socket_data"


class NamespaceUnknown(NotFound):
    """Sockets have the namespace `/` and no other."""

    code = "unknown_namespace"


class EmitUnknown(BadRequest):
    """A socket may emit `join` and `leave`."""

    code = "unknown_emit"


class TooManyRooms(Unprocessable):
    """A socket has joined as many sessions as it may; without any it hears all."""

    code = "too_many_rooms"
