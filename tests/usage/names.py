from datetime import UTC, datetime

from wagate.core.ids import AccountId, SessionId

ADA = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))
BOB = AccountId.new(datetime(2026, 1, 2, tzinfo=UTC))
SHOP = SessionId.new(datetime(2026, 1, 1, tzinfo=UTC))
DESK = SessionId.new(datetime(2026, 1, 2, tzinfo=UTC))
BOBS = SessionId.new(datetime(2026, 1, 3, tzinfo=UTC))
