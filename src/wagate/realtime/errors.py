"""Why a stream is refused."""

from wagate.core.errors import BadRequest, TooMany


class TooManyStreams(TooMany):
    """The account has as many streams open as it may have."""

    code = "too_many_streams"


class LastEventIdInvalid(BadRequest):
    """`Last-Event-ID` is not the id of an event."""

    code = "invalid_last_event_id"
