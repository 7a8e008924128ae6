"""Who appears in these tests."""

from wagate.core.ids import AccountId, SessionId

ADA = AccountId("acc_" + "0" * 25 + "a")
BOB = AccountId("acc_" + "0" * 25 + "b")
SHOP = SessionId("ses_" + "0" * 25 + "s")
HELP = SessionId("ses_" + "0" * 25 + "h")
