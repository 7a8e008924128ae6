"""How a session says no."""

from wagate.core.errors import Conflict, Forbidden, NotFound, Unavailable, Unprocessable, WagateError


class SessionNotFound(NotFound):
    """There is no such session, or it belongs to another account."""

    code = "session_not_found"


class ForbiddenTransition(WagateError):
    """The state table has no such step; a program error, never the customer's."""

    code = "session_transition_forbidden"


class SessionNotConnected(Conflict):
    """The session is not connected to WhatsApp now."""

    code = "session_not_connected"


class AlreadyConnected(Conflict):
    """The session is connected; there is nothing to link."""

    code = "already_connected"


class QrNotAvailable(NotFound):
    """There is no QR code to show now; connect the session first, or ask again with wait."""

    code = "qr_not_available"


class LinkingNotReady(Unavailable):
    """WhatsApp did not offer to link this session in time; try again."""

    code = "linking_not_ready"


class InvalidPhone(Unprocessable):
    """This is not a phone number in international form, such as +49 170 1234567."""

    code = "invalid_phone"


class InvalidProxy(Unprocessable):
    """A proxy is http, https or socks5://[user:password@]host:port."""

    code = "invalid_proxy"


class DeviceAlreadyHere(Conflict):
    """This very device is a session of this gateway already; two users of one link destroy it."""

    code = "device_already_here"


class SessionsOutOfReach(Forbidden):
    """This key is bound to certain sessions and can't make others."""

    code = "key_bound_to_sessions"
