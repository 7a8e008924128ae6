"""A bucket of an S3-compatible store: how to reach it, how long to wait for it, and whether it is there at all.

Only what every such store does is asked of it: put, get, head, delete, list and uploads in parts.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import S3Store

from wagate.core.errors import StartupError
from wagate.core.logging import get_logger
from wagate.storage.errors import StorageUnavailable

if TYPE_CHECKING:
    from obstore.store import S3Config

#: A request fails within ten seconds: new attempts begin in the first two, and each may take seven, enough for a part
#: of 5 MiB over a line of 8 Mbit/s.
_ATTEMPT: Final = timedelta(seconds=7)
_NEW_ATTEMPTS: Final = timedelta(seconds=2)
_CONNECT: Final = timedelta(seconds=2)
#: A look is a small question; who waits for it answers 503 within two seconds.
_LOOK: Final = timedelta(seconds=1.5)

_log = get_logger("storage.bucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlace:
    """Where a bucket is. Without ``endpoint`` it is Amazon's; without keys, those that the machine is given there."""

    bucket: str
    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""

    def __repr__(self) -> str:
        return f"BucketPlace({self.bucket!r} at {self.endpoint!r})"


def open_bucket(place: BucketPlace, *, attempt: timedelta = _ATTEMPT, retries: int = 3) -> S3Store:
    """A client whose requests are made again up to ``retries`` times, each limited to ``attempt``.

    :raises StartupError: if the place can't be one.
    """
    url = urlsplit(place.endpoint)
    if place.endpoint and (url.scheme not in ("http", "https") or not url.netloc or url.username):
        raise StartupError("WAGATE_S3_ENDPOINT is not a URL of the form https://host[:port]")
    if bool(place.access_key_id) != bool(place.secret_access_key):
        raise StartupError("WAGATE_S3_ACCESS_KEY_ID and WAGATE_S3_SECRET_ACCESS_KEY belong together; one is missing")
    config: S3Config = {"virtual_hosted_style_request": False, "region": place.region or "us-east-1"}
    if place.endpoint:
        config["endpoint"] = place.endpoint
    if place.access_key_id:
        config["access_key_id"] = place.access_key_id
        config["secret_access_key"] = place.secret_access_key
    return S3Store(
        place.bucket,
        config=config,
        client_options={
            "allow_http": url.scheme == "http",
            "connect_timeout": min(_CONNECT, attempt),
            "timeout": attempt,
        },
        retry_config={
            "max_retries": retries,
            "retry_timeout": _NEW_ATTEMPTS,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    )


class Reach:
    """Knows whether the store can be reached, so that one that is away costs a short look and not a long wait."""

    def __init__(self, place: BucketPlace) -> None:
        self._looker = open_bucket(place, attempt=_LOOK, retries=0)
        self._suspected = False
        self._look: asyncio.Task[Exception | None] | None = None

    def suspect(self) -> None:
        """Something failed: whoever comes next looks first."""
        if not self._suspected:
            _log.warning("the file store failed")
        self._suspected = True

    async def ready(self) -> None:
        """Return at once unless the store is suspected; look then.

        :raises StorageUnavailable: if it is away.
        """
        if self._suspected:
            await self.check()

    async def check(self) -> None:
        """Look; all who want to know at one time share a look.

        :raises StorageUnavailable: if the store is away or has no such bucket.
        """
        if self._look is None:
            self._look = asyncio.create_task(self._look_once())
        failure = await asyncio.shield(self._look)
        if failure is not None:
            raise StorageUnavailable("the file store does not answer as it should") from failure

    async def _look_once(self) -> Exception | None:
        try:
            await obstore.list_with_delimiter_async(self._looker, "look")
        except PermissionDeniedError:
            # It is there, and may still let its files be read and written.
            pass
        except (BaseError, OSError) as error:
            self.suspect()
            return error
        finally:
            self._look = None
        if self._suspected:
            self._suspected = False
            _log.info("the file store is back")
        return None
