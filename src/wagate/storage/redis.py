"""Wake-ups between processes, and values that expire, over Redis.

Losing Redis costs latency and nothing else: the database holds what happened, and readers look there every so often
by themselves. So nothing here fails because Redis is away, and nothing waits for it longer than a second.
"""

import asyncio
import os
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Any, ClassVar, Final

from wagate.core.clock import Clock
from wagate.core.errors import StartupError
from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.storage.bus import Bus
from wagate.storage.errors import StorageUnavailable

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ModuleNotFoundError:
    raise StartupError("Redis is not supported by this installation", hint="pip install 'wagate[redis]'") from None

#: One channel for all topics: sessions and requests come and go by the thousand, and a subscription of each of them
#: would cost two round trips, while a message about somebody else's topic costs a look into a dictionary.
CHANNEL: Final = "wagate:wake"

#: Redis stands in the same network: what takes longer than these is as good as away.
_CONNECT_SECONDS: Final = 1.0
_SOCKET_SECONDS: Final = 2.0
_VALUE_SECONDS: Final = 1.0
#: A cancelled task ends at once, unless the cancellation was lost.
_CANCEL_SECONDS: Final = 0.2
#: Values are read in well under a millisecond, so this many at once are thousands a second.
_CONNECTIONS: Final = 16

#: Topics that wait to be published, beyond which everybody is woken instead.
_MAX_WAITING: Final = 10_000
#: Topics in one message: some 100 KB, which holds up neither Redis nor a reader.
_MAX_TOGETHER: Final = 1_000
#: After a message the next one gathers topics for this long: under load one message carries many.
_GATHER_SECONDS: Final = 0.001
#: Each process says something this often, and hears it from Redis if the way there and back is open.
_ECHO_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 12.0
#: Pauses between attempts to reach Redis grow to this; each is drawn at random from zero on (full jitter), so that
#: processes do not come back all at once.
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
#: Readers woken in one go after messages may have been missed; each is about to ask the database.
_WOKEN_TOGETHER: Final = 200
_BETWEEN_WAKES_SECONDS: Final = 0.02

_URL: Final = re.compile(r"(rediss?|unix)://")
_EVERYTHING: Final = "*"

_log = get_logger("storage.redis")


def open_redis(url: str) -> Redis:
    """A client of the Redis at ``redis://…``, ``rediss://…`` (TLS) or ``unix://…``. It connects when first used, and
    no call of it takes longer than three seconds. Close it with ``aclose()``.

    :raises StartupError: if the URL is not one. A server that is away is no reason not to start.
    """
    refusal = StartupError("the Redis URL cannot be read", hint="redis://[[user]:password@]host[:port][/number]")
    if not _URL.match(url):
        raise refusal
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_CONNECT_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_SOCKET_SECONDS,
            # Whoever calls knows whether trying again makes sense.
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            client_name="wagate",
        )
    except (ValueError, TypeError, RedisError):
        # The driver's own words repeat the URL, which may hold a password.
        raise refusal from None
    return Redis.from_pool(pool)


async def check_redis(client: Redis) -> None:
    """:raises StorageUnavailable: if Redis does not answer within a second."""
    try:
        async with asyncio.timeout(_VALUE_SECONDS):
            await client.echo("wagate")
    except (RedisError, OSError) as error:
        raise StorageUnavailable("Redis does not answer") from error


class RedisBus(Bus):
    """A bus whose topics wake readers in every process.

    Readers in this process get payloads at once, those elsewhere what is meant for ``abroad``, or
    :attr:`Wake.WAKE`, a moment later. Until
    :meth:`start`, and while Redis is away, it is a bus of this process alone; what was published meanwhile is told when
    Redis is back, and every reader is woken once, because others may have published too.
    """

    longest_wait: ClassVar[float | None] = 1.0

    def __init__(self, client: Redis, clock: Clock | None = None, entropy: Entropy = os.urandom) -> None:
        super().__init__(clock)
        self._redis = client
        self._me = entropy(8).hex()
        self._random = random.Random(entropy(8))
        #: Topics and what goes with them.
        self._waiting: dict[str, str] = {}
        self._more = asyncio.Event()
        #: Which of the two ways, there and back, is interrupted.
        self._broken: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to tell other processes and to listen to them."""
        works = (self._listen, self._tell, self._echo)
        self._tasks = [asyncio.create_task(work()) for work in works]

    async def stop(self) -> None:
        """Tell what still waits, for a second at most, and stop. Readers of this process are served on."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            # The driver loses a cancellation now and then, while it gives a connection up.
            while not task.done():
                task.cancel()
                await asyncio.wait((task,), timeout=_CANCEL_SECONDS)
        if not tasks or self._broken:
            return
        try:
            async with asyncio.timeout(_VALUE_SECONDS):
                while self._waiting:
                    await self._publish_some()
        except (RedisError, OSError) as error:
            _log.info("last wake-ups were not told", error=type(error).__name__)

    def publish(self, topic: str, payload: object = None, *, abroad: str = "") -> None:
        super().publish(topic, payload)
        self._queue({topic: abroad})

    # -- telling

    def _queue(self, topics: Mapping[str, str]) -> None:
        if _EVERYTHING in self._waiting:
            return
        self._waiting.update(topics)
        if len(self._waiting) > _MAX_WAITING:
            self._waiting = {_EVERYTHING: ""}
        self._more.set()

    async def _echo(self) -> None:
        while True:
            self._more.set()
            await self._clock.sleep(_ECHO_SECONDS)

    async def _tell(self) -> None:
        await self._persistently("telling", self._publish_on)

    async def _publish_on(self, reached: Callable[[], None]) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            await self._publish_some()
            reached()
            await self._clock.sleep(_GATHER_SECONDS)

    async def _publish_some(self) -> None:
        """Tell some of what waits, or nothing but that this process is there."""
        topics = dict(islice(self._waiting.items(), _MAX_TOGETHER))
        for topic in topics:
            del self._waiting[topic]
        lines = (f"{topic}\t{abroad}" if abroad else topic for topic, abroad in topics.items())
        try:
            await self._redis.publish(CHANNEL, "\n".join((self._me, *lines)))
        except BaseException:
            # What was said of these topics meanwhile is newer.
            self._queue({**topics, **self._waiting})
            raise
        if self._waiting:
            self._more.set()

    # -- listening

    async def _listen(self) -> None:
        await self._persistently("listening", self._hear_on)

    async def _hear_on(self, reached: Callable[[], None]) -> None:
        async with self._redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            while True:
                message = await channel.get_message(timeout=_SILENCE_SECONDS)
                if message is None:
                    raise TimeoutError("Redis did not repeat what this process said")
                if message["type"] == "subscribe":
                    # The driver subscribes again by itself, too: each time something may have been missed.
                    reached()
                    await self._wake_all()
                elif message["type"] == "message":
                    await self._hear(str(message["data"]))

    async def _hear(self, message: str) -> None:
        sender, *lines = message.split("\n")
        if sender == self._me:
            return
        if _EVERYTHING in lines:
            await self._wake_all()
            return
        for line in lines:
            topic, _, abroad = line.partition("\t")
            super().publish(topic, abroad or None)

    async def _wake_all(self) -> None:
        for number, topic in enumerate(self.topics(), start=1):
            super().publish(topic)
            if number % _WOKEN_TOGETHER == 0:
                await self._clock.sleep(_BETWEEN_WAKES_SECONDS)

    # -- while Redis is away

    async def _persistently(self, way: str, work: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        """Run ``work`` again and again; it calls what it is given whenever Redis answered."""
        failures = 0

        def reached() -> None:
            nonlocal failures
            failures = 0
            if way in self._broken:
                self._broken.remove(way)
                if not self._broken:
                    _log.info("Redis is back")

        while True:
            try:
                await work(reached)
            except Exception as error:  # noqa: BLE001 - whatever the driver meets, only latency may be lost
                if not self._broken:
                    _log.warning("Redis is away; wake-ups between processes wait", error=type(error).__name__)
                self._broken.add(way)
            longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(failures, 10))
            failures += 1
            await self._clock.sleep(self._random.uniform(0, longest))
            self._more.set()


class RedisKv:
    """Short-lived values by key that every process sees. While Redis is away there are none."""

    def __init__(self, client: Redis) -> None:
        self._redis = client

    async def set(self, key: str, value: str, ttl_seconds: float) -> None:
        """Keep ``value`` for ``ttl_seconds``, in place of what was there; it is lost if Redis is away."""
        milliseconds = int(ttl_seconds * 1000)
        if milliseconds <= 0:
            await self.delete(key)
            return
        await self._within_a_second("set", self._redis.set(key, value, px=milliseconds))

    async def get(self, key: str) -> str | None:
        """The value, ``None`` if there is none, its time is over or Redis is away."""
        found: str | None = await self._within_a_second("get", self._redis.get(key))
        return found

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one; if Redis is away, it stays until its time is over."""
        await self._within_a_second("delete", self._redis.delete(key))

    async def _within_a_second(self, what: str, call: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(_VALUE_SECONDS):
                return await call
        except (RedisError, OSError) as error:
            _log.warning("Redis did not take or give a value", operation=what, error=type(error).__name__)
            return None
