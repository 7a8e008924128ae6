"""What accounts do.

==============  ==================================================================================================
accounts        who a key or token belongs to; giving and taking keys
known           what was looked up, for less than a second
logins          registering, logging in and out
members         the users of an account
platform        all accounts, and settings that may change while the gateway runs
==============  ==================================================================================================
"""

from wagate.accounts.service.accounts import Accounts
from wagate.accounts.service.logins import Logins
from wagate.accounts.service.members import Members
from wagate.accounts.service.platform import Platform

__all__ = ["Accounts", "Logins", "Members", "Platform"]
