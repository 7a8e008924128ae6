"""What can be wrong with requests about webhooks."""

from wagate.core.errors import BadRequest, Conflict, Forbidden, NotFound, Unprocessable


class EndpointNotFound(NotFound):
    """There is no such endpoint, or it belongs to another account."""

    code = "endpoint_not_found"


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it belongs to another account."""

    code = "delivery_not_found"


class DeliveryPending(Conflict):
    """This delivery is still being attempted."""

    code = "delivery_pending"


class TooManyEndpoints(Conflict):
    """The account has as many endpoints as it may have."""

    code = "too_many_endpoints"


class SessionsOutOfReach(Forbidden):
    """An endpoint can't be told of sessions that the key does not reach."""

    code = "sessions_out_of_reach"


class HeaderRefused(BadRequest):
    """This header can't be sent with webhooks."""

    code = "header_refused"


class ReplayPositionUnknown(Unprocessable):
    """Give the id of an event, or a time such as 2026-01-31T12:00:00Z."""

    code = "unknown_replay_position"
