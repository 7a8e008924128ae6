"""How requests about accounts fail."""

from wagate.core.errors import Conflict, Forbidden, NotFound, Unprocessable


class KeyNotFound(NotFound):
    """There is no such key, or it belongs to another account."""

    code = "key_not_found"


class GrantTooWide(Forbidden):
    """A key can't give what it does not have itself."""

    code = "grant_too_wide"


class ExpiryPassed(Unprocessable):
    """The time at which the key should expire has passed already."""

    code = "expiry_passed"


class LastAdminKey(Conflict):
    """This is the account's last key with the scope `admin`; make another before you delete it."""

    code = "last_admin_key"
