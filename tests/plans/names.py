from datetime import UTC, datetime

from wagate.core.ids import AccountId

ADA = AccountId.new(datetime(2026, 1, 1, tzinfo=UTC))
BOB = AccountId.new(datetime(2026, 1, 2, tzinfo=UTC))
