"""What it means to have used up a plan."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wagate.core.errors import NotFound, WagateError


class PlanLimit(WagateError):
    """The account has used up what its plan allows; `quota`, `limit`, `used` and `resetsAt` stand beside."""

    code = "plan_limit"
    status = 402

    def __init__(self, quota: str, *, limit: int, used: int, resets_at: datetime | None) -> None:
        """``quota`` by its name in the API; ``resets_at`` is ``None`` for what only giving something up frees."""
        ends = None if resets_at is None else _moment(resets_at)
        super().__init__(f"The plan allows {quota}: {limit}" + ("" if ends is None else f"; it begins anew at {ends}"))
        self._members = {"quota": quota, "limit": limit, "used": used, "resetsAt": ends}

    def members(self) -> Mapping[str, Any]:
        return self._members


class PlanAccountNotFound(NotFound):
    """There is no account to have this plan."""

    code = "plan_account_not_found"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
