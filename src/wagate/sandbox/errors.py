"""What the sandbox's control API can refuse."""

from wagate.core.errors import BadRequest, Conflict, NotFound, Unprocessable


class PhoneUnknown(NotFound):
    """There is no simulated phone with this number."""

    code = "phone_not_found"


class GroupUnknown(NotFound):
    """There is no such group."""

    code = "group_not_found"


class DeviceUnknown(NotFound):
    """This phone has no such linked device."""

    code = "device_not_found"


class QrUnknown(NotFound):
    """No device shows this QR code (any more)."""

    code = "qr_not_found"


class CodeUnknown(NotFound):
    """No device asked to be linked with this number."""

    code = "code_not_found"


class NumberInvalid(BadRequest):
    """This is not a phone number."""

    code = "invalid_number"


class NoPasskey(Conflict):
    """The account of this phone has no passkey."""

    code = "no_passkey"


class PasskeyQuestionUnknown(Unprocessable):
    """These are no options that a passkey of this account answers."""

    code = "passkey_question_unknown"


class LinkFailed(Conflict):
    """The device did not accept the link."""

    code = "link_failed"


class PhoneOffline(Conflict):
    """The phone is offline."""

    code = "phone_offline"


class RecipientUnknown(Unprocessable):
    """Nobody in the sandbox has this number."""

    code = "not_in_sandbox"


class NotAMember(Unprocessable):
    """The phone is not a member of this group."""

    code = "not_a_member"


class QuoteUnknown(Unprocessable):
    """The phone does not know the message to be quoted."""

    code = "quote_not_found"
