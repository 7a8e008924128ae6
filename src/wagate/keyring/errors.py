"""How a rotation says no."""

from wagate.core.errors import Conflict, NotFound


class SecretKeyNotFound(NotFound):
    """The key ring has no key of this id."""

    code = "secret_key_not_found"


class SecretKeyNeeded(Conflict):
    """This key of the ring is still needed."""

    code = "secret_key_needed"
