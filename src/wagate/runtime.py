"""The composition root: from settings to services. Nothing else creates one of them.

:class:`Runtime` is what the gateway and the worker are built from. Everything is opened in one place and closed in the
reverse order, so a start that fails halfway leaves nothing behind.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp

from wagate.accounts.attempts import Attempts
from wagate.accounts.passwords import Passwords
from wagate.accounts.service import Accounts, Logins, Members, Platform
from wagate.audit.service import AuditLog
from wagate.backups.jobs import BackupTaker
from wagate.backups.service import Backups
from wagate.backups.watermark import Watermark
from wagate.cluster.service.calls import WorkerCalls
from wagate.cluster.service.codes import FleetCodes, OwnFirst
from wagate.cluster.service.fleet import Fleet
from wagate.cluster.service.lone import LoneWorker
from wagate.cluster.service.registry import Registry
from wagate.cluster.service.routes import Routes
from wagate.core import looplag
from wagate.core.clock import Clock
from wagate.core.errors import StartupError, Unavailable
from wagate.core.ids import Entropy
from wagate.core.logging import get_logger
from wagate.core.settings import EngineName, Settings
from wagate.engine.baileys.engine import BaileysEngine
from wagate.engine.choice import EngineChoice
from wagate.engine.moving import KeyMover
from wagate.engine.native import ClientVersion, NativeEngine, Shared
from wagate.engine.points import crashes_of
from wagate.engine.port import Endpoint
from wagate.engine.proxies import Tunnels
from wagate.engine.store import DataKeys, Inbox, KeyStore
from wagate.engine.wirelog import WireLog
from wagate.events import jobs as event_jobs
from wagate.events.service import EventLog
from wagate.history.jobs import HistoryReader
from wagate.history.service.notices import Notices
from wagate.keyring.jobs import Rewrapper
from wagate.keyring.service import SecretKeys
from wagate.media.jobs import Fetcher
from wagate.media.service.appstate import AppStateFiles
from wagate.media.service.hosts import MediaHosts
from wagate.media.service.incoming import IncomingFiles
from wagate.media.service.library import Library
from wagate.messages import jobs as message_jobs
from wagate.messages.service.backfill import Backfill
from wagate.messages.service.files import OutgoingFiles
from wagate.messages.service.outbox import Outbox
from wagate.messages.service.query import History
from wagate.messages.service.receive import Receiver
from wagate.messages.service.send import Messages
from wagate.messages.service.sources import FileSources
from wagate.messages.service.topics import outbox_topic
from wagate.plans import jobs as plan_jobs
from wagate.plans.service import Plans
from wagate.sessions.codes import Codes, KeyValues
from wagate.sessions.links import LinkRegistry, Links
from wagate.sessions.placing import Placing
from wagate.sessions.service import Sessions
from wagate.storage import schema
from wagate.storage.blobs import Blobs
from wagate.storage.bucket import BucketPlace
from wagate.storage.bus import Bus, Kv
from wagate.storage.canary import unlock
from wagate.storage.database import Database
from wagate.storage.datadir import DataDir
from wagate.storage.moves import refuse_if_moved, refuse_unfinished
from wagate.storage.rates import LocalRates, Rates
from wagate.storage.time import time_of
from wagate.usage import jobs as usage_jobs
from wagate.usage.jobs import Counting
from wagate.usage.service import Usage
from wagate.web.clients import ClientAddresses
from wagate.web.egress import Egress
from wagate.web.limits import Limiter, Policy
from wagate.webhooks import jobs as webhook_jobs
from wagate.webhooks.service import Dispatcher, Webhooks

Job = Callable[[], Awaitable[None]]
Probe = Callable[[], Awaitable[object]]

#: A sandbox on this machine answers in milliseconds.
SANDBOX_TIMEOUT = aiohttp.ClientTimeout(total=10)
#: A job that fails is started again after this; its work waits in the database.
JOB_PAUSE_SECONDS = 5.0
#: How often plaintexts that only answer redeliveries are looked over for old ones. A look deletes 1,000 at most, so
#: this keeps up with 100 messages a second.
INBOX_PRUNE_EVERY = timedelta(seconds=10)

_log = get_logger("runtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything that runs, opened."""

    settings: Settings
    clock: Clock
    data_dir: DataDir
    db: Database
    bus: Bus
    endpoint: Endpoint
    engine: EngineChoice
    #: The connections that this process holds.
    links: LinkRegistry
    codes: Codes
    fleet: Fleet | LoneWorker
    #: What this process uses besides its database, by what it is called; each raises if it is not well.
    auxiliaries: Mapping[str, Probe]
    inbox: Inbox
    accounts: Accounts
    platform: Platform
    logins: Logins
    members: Members
    audit: AuditLog
    events: EventLog
    sessions: Sessions
    library: Library
    messages: Messages
    history: History
    outbox: Outbox
    receiver: Receiver
    webhooks: Webhooks
    secret_keys: SecretKeys
    backups: Backups
    watermark: Watermark
    plans: Plans
    usage: Usage
    limiter: Limiter
    new_dispatcher: Callable[[], Dispatcher]
    #: Beside the sessions that this process hosts.
    hosting_jobs: tuple[Job, ...]
    #: By one process of all.
    fleet_jobs: tuple[Job, ...]


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    endpoint: Endpoint,
    own_clock: Clock,
    entropy: Entropy = os.urandom,
    *,
    hosts_sessions: bool = True,
) -> AsyncIterator[Runtime]:
    """Open the data folder, the database and all services. ``own_clock`` is the machine's. A process that does not host
    sessions itself reaches those of the fleet's workers.

    :raises StartupError: if something keeps the program from working; nothing is changed then.
    """
    reach = crashes_of(os.environ)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(DataDir.open(settings.data_dir))
        url = settings.database_url or folder.database_url
        if not settings.database_url:
            refuse_if_moved(folder)
        await schema.migrate(url)
        db = await Database.open(url)
        stack.push_async_callback(db.close)
        clock = await stack.enter_async_context(time_of(url, db, own_clock))
        lag = asyncio.create_task(looplag.watch(clock))
        stack.callback(lag.cancel)
        await db.read(refuse_unfinished)
        ring = await unlock(db, folder, settings, entropy, clock)

        auxiliaries: dict[str, Probe] = {}
        bus, kv = await _wakes_and_values(settings, clock, entropy, stack, auxiliaries)
        blobs = files_of(settings, settings.s3_media_bucket, folder.path / "media")
        auxiliaries["files"] = blobs.check
        egress = await stack.enter_async_context(Egress(settings.allow_private_networks))
        calls = None if hosts_sessions else WorkerCalls(settings.worker_token.get_secret_value())
        placing = Placing(db=db, bus=bus, clock=clock)
        routes = Routes(db=db, kv=kv, placing=placing, clock=clock)
        codes = Codes(OwnFirst(Kv(clock), kv) if calls is None else FleetCodes(kv, routes, calls), clock)
        log = EventLog(db, bus, clock, enrich=codes.enrich, entropy=entropy)
        accounts = Accounts(db, clock, ring, entropy)
        await accounts.ensure_admin(settings, folder.path)

        data_keys = DataKeys(db, ring)
        keys, inbox, links = KeyStore(db, data_keys, clock), Inbox(db, data_keys, clock), LinkRegistry()
        registry = Registry(db=db, events=log, bus=bus, kv=kv, clock=clock, operators=accounts.operators)
        fleet: Fleet | LoneWorker = LoneWorker(registry)
        connections: Links = links
        hand_over = None
        if calls is not None:
            await stack.enter_async_context(calls)
            fleet = Fleet(
                registry=registry,
                bus=bus,
                clock=clock,
                calls=calls,
                placing=placing,
                routes=routes,
                wake_outbox=lambda session: bus.publish(outbox_topic(session)),
            )
            connections, hand_over = fleet.links, fleet.hand_over
        sessions = Sessions(
            db=db,
            events=log,
            bus=bus,
            codes=codes,
            clock=clock,
            keys=keys,
            ring=ring,
            links=connections,
            mover=KeyMover(),
            engine=settings.engine or _usual_engine(endpoint),
            proxies=egress.check_destination,
            entropy=entropy,
        )
        platform = Platform(
            db=db,
            clock=clock,
            known=accounts.known,
            registration=settings.registration,
            stop=sessions.disconnect_all,
        )
        rates = _rates(settings, clock, stack)
        passwords, attempts = Passwords(), Attempts(rates)

        library = Library(
            db=db, blobs=blobs, egress=egress, clock=clock, max_bytes=settings.max_media_bytes, entropy=entropy
        )
        hosts = MediaHosts(
            db=db,
            blobs=blobs,
            ring=ring,
            clock=clock,
            max_bytes=settings.max_media_bytes,
            ca_pem=endpoint.ca_pem,
            entropy=entropy,
        )
        stack.push_async_callback(hosts.close)

        messages = Messages(
            db=db,
            events=log,
            bus=bus,
            clock=clock,
            ring=ring,
            sources=FileSources(library),
            hand_over=hand_over,
            idempotency_hours=settings.idempotency_hours,
            first_contacts_per_day=settings.first_contacts_per_day,
            entropy=entropy,
            reach=reach,
        )
        files = OutgoingFiles(library=library, hosts=hosts, clock=clock)
        incoming = IncomingFiles(bus=bus, ring=ring, clock=clock, entropy=entropy)
        notices = Notices(bus=bus, ring=ring, clock=clock)
        receiver = Receiver(
            events=log, bus=bus, clock=clock, ring=ring, files=incoming, on_notice=notices.take, entropy=entropy
        )
        old_chats = HistoryReader(
            db=db,
            bus=bus,
            ring=ring,
            clock=clock,
            hosts=hosts,
            backfill=Backfill(db=db, ring=ring, clock=clock, entropy=entropy),
            link_of=links.get,
        )
        fetcher = Fetcher(
            db=db,
            blobs=blobs,
            bus=bus,
            ring=ring,
            clock=clock,
            hosts=hosts,
            link_of=links.get,
            settled=receiver.media_settled,
        )
        saved = files_of(settings, settings.s3_sessions_bucket, folder.path / "backups")
        backups = Backups(db=db, blobs=saved, ring=ring, keys=keys, burner=KeyMover(), sessions=sessions, clock=clock)
        watermark = Watermark(db=db, blobs=saved, backups=backups, clock=clock)
        secret_keys = SecretKeys(
            db=db,
            bus=bus,
            ring=ring,
            clock=clock,
            folder=None if settings.secret_keys.get_secret_value().strip() else folder,
            files=(backups,),
        )
        rewrapper = Rewrapper(
            db=db, bus=bus, ring=ring, clock=clock, keys=secret_keys, files=(backups,), entropy=entropy
        )
        backup_taker = BackupTaker(backups=backups, online=links.online, clock=clock)
        engine = _engines(settings, keys, clock, messages, AppStateFiles(hosts), Tunnels(egress.addresses, entropy))

        yield Runtime(
            settings=settings,
            clock=clock,
            data_dir=folder,
            db=db,
            bus=bus,
            endpoint=endpoint,
            engine=engine,
            links=links,
            codes=codes,
            fleet=fleet,
            auxiliaries=auxiliaries,
            inbox=inbox,
            accounts=accounts,
            platform=platform,
            logins=Logins(
                db=db,
                clock=clock,
                accounts=accounts,
                platform=platform,
                passwords=passwords,
                attempts=attempts,
                entropy=entropy,
            ),
            members=Members(
                db=db, clock=clock, accounts=accounts, passwords=passwords, attempts=attempts, entropy=entropy
            ),
            audit=AuditLog(db),
            events=log,
            sessions=sessions,
            library=library,
            messages=messages,
            history=History(db=db, clock=clock, links=connections),
            outbox=Outbox(db=db, events=log, bus=bus, clock=clock, ring=ring, files=files, reach=reach),
            receiver=receiver,
            webhooks=Webhooks(db=db, log=log, bus=bus, clock=clock, ring=ring, egress=egress, entropy=entropy),
            secret_keys=secret_keys,
            backups=backups,
            watermark=watermark,
            plans=Plans(db, log, clock),
            usage=Usage(db, clock),
            limiter=Limiter(Policy.of(settings), rates, LocalRates(clock), ClientAddresses(settings.trusted_proxies)),
            new_dispatcher=lambda: Dispatcher(
                db=db, log=log, bus=bus, clock=clock, ring=ring, poster=egress, entropy=entropy
            ),
            hosting_jobs=(fetcher.run, old_chats.run, backup_taker.run),
            fleet_jobs=(
                rewrapper.run,
                watermark.run,
                Counting(db, log, clock).run,
                lambda: _every(plan_jobs.EVERY, lambda: plan_jobs.prune(db, clock), clock),
                lambda: message_jobs.run(db, clock),
                lambda: _every(webhook_jobs.EVERY, lambda: webhook_jobs.prune(db, clock), clock),
                lambda: _every(
                    event_jobs.EVERY,
                    lambda: event_jobs.prune(
                        log, clock, still_needed=(webhook_jobs.still_needed, usage_jobs.still_needed)
                    ),
                    clock,
                ),
                lambda: _every(INBOX_PRUNE_EVERY, inbox.prune, clock),
            ),
        )


async def find_endpoint(settings: Settings) -> Endpoint:
    """What sessions connect to: WhatsApp, or the sandbox that the settings name.

    :raises StartupError: if that sandbox does not answer.
    """
    if not settings.sandbox_url:
        return Endpoint()
    url = settings.sandbox_url.rstrip("/") + "/sandbox"
    try:
        async with aiohttp.ClientSession(timeout=SANDBOX_TIMEOUT) as http, http.get(url) as answer:
            answer.raise_for_status()
            facts = await answer.json()
            return Endpoint(
                url=str(facts["webSocketUrl"]),
                root_key=bytes.fromhex(facts["rootPublicKey"]),
                ca_pem=str(facts["mediaCaPem"]),
            )
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
        raise StartupError(
            f"no sandbox answers at {settings.sandbox_url} ({type(error).__name__})",
            "start one with `wagate sandbox`, or unset WAGATE_SANDBOX_URL to link to WhatsApp",
        ) from error


async def keep_running(job: Job, clock: Clock) -> None:
    """Run a job until cancelled, again if it fails: what it works on waits in the database."""
    while True:
        try:
            await job()
            return
        except Unavailable as error:
            _log.warning("a background job has to wait", code=error.code)
        except Exception:  # noqa: BLE001 - a bug in one job must not stop the others
            _log.error("a background job failed", exc_info=True)
        await clock.sleep(JOB_PAUSE_SECONDS)


def start_jobs(jobs: Iterable[Job], clock: Clock) -> list[asyncio.Task[None]]:
    """Background jobs as tasks; cancel them to stop."""
    return [asyncio.create_task(keep_running(job, clock)) for job in jobs]


async def _wakes_and_values(
    settings: Settings, clock: Clock, entropy: Entropy, stack: AsyncExitStack, auxiliaries: dict[str, Probe]
) -> tuple[Bus, KeyValues]:
    """Over Redis if there is one, else within this process."""
    url = settings.redis_url.get_secret_value()
    if not url:
        return Bus(), Kv(clock)
    # Imported when asked for: a gateway without Redis does not carry its client in memory.
    from wagate.storage.redis import RedisBus, RedisKv, check_redis, open_redis

    client = open_redis(url)
    stack.push_async_callback(client.aclose)
    auxiliaries["redis"] = lambda: check_redis(client)
    bus = RedisBus(client, clock, entropy)
    await bus.start()
    stack.push_async_callback(bus.stop)
    return bus, RedisKv(client)


def files_of(settings: Settings, bucket: str, folder: Path) -> Blobs:
    """In the bucket if there is a store, else in the folder."""
    if not settings.s3_endpoint:
        return Blobs.in_folder(folder)
    place = BucketPlace(
        bucket=bucket,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key.get_secret_value(),
    )
    return Blobs.in_bucket(place)


def _usual_engine(endpoint: Endpoint) -> EngineName:
    """What new sessions run on unless the settings say otherwise: with WhatsApp, what has met WhatsApp."""
    return "baileys" if endpoint.url == Endpoint().url else "native"


def _engines(
    settings: Settings,
    keys: KeyStore,
    clock: Clock,
    messages: Messages,
    app_state: AppStateFiles,
    tunnels: Tunnels,
) -> EngineChoice:
    version = ClientVersion.parse(settings.whatsapp_version) if settings.whatsapp_version else ClientVersion()
    wire_log = WireLog(Path(settings.wire_log), clock) if settings.wire_log else None
    native = NativeEngine(
        Shared(
            keys=keys,
            clock=clock,
            sent_message=messages.sent_message,
            fetch_blob=app_state.fetch,
            version=version,
            reach=crashes_of(os.environ),
            wire_log=wire_log,
        )
    )
    baileys = BaileysEngine(keys=keys, clock=clock, sent_message=messages.sent_message, wire_log=wire_log)
    return EngineChoice({engine.name: engine for engine in (baileys, native)}, tunnels)


def _rates(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Rates:
    url = settings.redis_url.get_secret_value()
    if not url:
        return LocalRates(clock)
    # Imported when asked for, as in _wakes_and_values.
    from wagate.storage.redis import open_redis
    from wagate.storage.sharedrates import SharedRates

    client = open_redis(url)
    stack.push_async_callback(client.aclose)
    return SharedRates(client, clock)


async def _every(pause: timedelta, work: Callable[[], Awaitable[object]], clock: Clock) -> None:
    while True:
        await work()
        await clock.sleep(pause.total_seconds())
