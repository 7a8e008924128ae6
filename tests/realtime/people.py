"""Who listens: two accounts, one of them with two sessions."""

from wagate.core.ids import AccountId, SessionId
from wagate.sessions.errors import SessionNotFound
from wagate.web.principal import Principal, Scope

ADA = AccountId("acc_" + "0" * 25 + "a")
BOB = AccountId("acc_" + "0" * 25 + "b")
SHOP = SessionId("ses_" + "0" * 25 + "s")
HELP = SessionId("ses_" + "0" * 25 + "h")
KEYS = {
    "ada": Principal(account_id=ADA, scopes=frozenset({Scope.READ})),
    "bob": Principal(account_id=BOB, scopes=frozenset({Scope.READ})),
    "bound": Principal(account_id=ADA, scopes=frozenset({Scope.READ}), sessions=frozenset({HELP})),
    "sender": Principal(account_id=ADA, scopes=frozenset({Scope.SEND})),
}


class KnownSessions:
    """Ada has two sessions."""

    async def get(self, principal: Principal, session_id: SessionId) -> None:
        if principal.account_id != ADA or session_id not in (SHOP, HELP) or not principal.may_see(session_id):
            raise SessionNotFound
