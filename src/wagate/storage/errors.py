"""How storage fails.

::

    Unavailable 503
    └── StorageUnavailable    nothing was stored
        └── OutcomeUnknown    the commit was sent and never answered
"""

from typing import ClassVar

from wagate.core.errors import Unavailable


class StorageUnavailable(Unavailable):
    """The database can't be written to or read for now; nothing was stored."""

    code = "storage_unavailable"
    certain: ClassVar[bool | None] = True

    def __init__(self, detail: str = "", *, retry_after: int | None = 1) -> None:
        super().__init__(detail, retry_after=retry_after)


class OutcomeUnknown(StorageUnavailable):
    """The database went away during a commit; the change may or may not be stored."""

    code = "storage_outcome_unknown"
    certain = False
