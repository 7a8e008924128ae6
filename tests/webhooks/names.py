"""Who appears in these tests."""

from wagate.core.ids import AccountId, SessionId
from wagate.web.principal import Principal, Scope

ADA_ID = AccountId("acc_" + "0" * 25 + "a")
BOB_ID = AccountId("acc_" + "0" * 25 + "b")
SHOP = SessionId("ses_" + "0" * 25 + "s")
HELP = SessionId("ses_" + "0" * 25 + "h")

ADA = Principal(account_id=ADA_ID, scopes=frozenset({Scope.MANAGE}))
BOB = Principal(account_id=BOB_ID, scopes=frozenset({Scope.MANAGE}))
#: Of Ada's account, bound to one session.
HELPER = Principal(account_id=ADA_ID, scopes=frozenset({Scope.MANAGE}), sessions=frozenset({HELP}))
