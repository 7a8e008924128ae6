"""The routes of accounts.

==============  ==================================================================================================
keys            who is asking; keys
logins          registering, logging in and out: what strangers may call
members         the users of an account
platform        all accounts and the settings, for those who run the gateway
bodies          what several of them answer
==============  ==================================================================================================
"""

from wagate.accounts.api.keys import router
from wagate.accounts.api.logins import router as logins_router
from wagate.accounts.api.members import router as members_router
from wagate.accounts.api.platform import router as platform_router

__all__ = ["logins_router", "members_router", "platform_router", "router"]
