"""What can be wrong with a question to the log."""

from wagate.core.errors import BadRequest


class EventTypeUnknown(BadRequest):
    """There is no event of this type."""

    code = "unknown_event_type"
