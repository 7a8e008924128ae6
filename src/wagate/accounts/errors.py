"""How requests about accounts fail."""

from wagate.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooMany,
    Unauthorized,
    Unavailable,
    Unprocessable,
)


class KeyNotFound(NotFound):
    """There is no such key, or it belongs to another account."""

    code = "key_not_found"


class GrantTooWide(Forbidden):
    """Nobody can give what they do not have themselves."""

    code = "grant_too_wide"


class ExpiryPassed(Unprocessable):
    """The time at which the key should expire has passed already."""

    code = "expiry_passed"


class LastAdminKey(Conflict):
    """This is the account's last key with the scope `admin`; make another before you delete it."""

    code = "last_admin_key"


class RegistrationClosed(Forbidden):
    """Strangers can't make accounts here; ask those who run this gateway."""

    code = "registration_closed"


class EmailTaken(Conflict):
    """Somebody has this e-mail address already."""

    code = "email_taken"


class EmailInvalid(BadRequest):
    """This is no e-mail address."""

    code = "invalid_email"


class PasswordTooWeak(BadRequest):
    """The password is too short, too long, or the e-mail address itself."""

    code = "weak_password"


class LoginFailed(Unauthorized):
    """The e-mail address or the password is wrong, or this user may not log in."""

    code = "login_failed"


class TooManyAttempts(TooMany):
    """Too many attempts; wait before the next."""

    code = "too_many_attempts"


class LoginsBusy(Unavailable):
    """Too many people log in at this moment; try again."""

    code = "logins_busy"


class LoginNeeded(Forbidden):
    """Only a user who is logged in may do this, not a key."""

    code = "login_needed"


class PasswordWrong(Forbidden):
    """The current password is wrong."""

    code = "wrong_password"


class UserNotFound(NotFound):
    """There is no such user, or they belong to another account."""

    code = "user_not_found"


class LastOwner(Conflict):
    """This is the account's last owner who can log in; make another before you change this one."""

    code = "last_owner"


class LastPlatformAdmin(Conflict):
    """This is the last user who runs this gateway and can log in."""

    code = "last_platform_admin"


class RunsTheGateway(Forbidden):
    """This user runs the gateway; only others who do may change them."""

    code = "user_runs_gateway"


class AccountNotFound(NotFound):
    """There is no such account."""

    code = "account_not_found"


class OwnAccount(Conflict):
    """Nobody can disable the account that they belong to."""

    code = "own_account"
