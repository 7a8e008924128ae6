"""`wagate migrate`: bring the database up to date, or move an installation from SQLite to PostgreSQL."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from wagate.core.errors import StartupError
from wagate.core.settings import Settings
from wagate.runtime import files_of
from wagate.storage import moves, schema, transfer
from wagate.storage.blobs import BlobMissing, Blobs
from wagate.storage.canary import check_ring
from wagate.storage.connect import parse_url, sqlite_path
from wagate.storage.database import Database
from wagate.storage.datadir import DataDir

#: What to set for the processes that take over; holds the key ring and so is readable by nobody else.
ENVIRONMENT = "moved.env"


async def bring_up_to_date(settings: Settings) -> None:
    """:raises StartupError: if that can't be done; the database is left as it is then."""
    with DataDir.open(settings.data_dir) as folder:
        if not settings.database_url:
            moves.refuse_if_moved(folder)
        url = settings.database_url or folder.database_url
        before = await schema.stored_version(url)
        await schema.migrate(url)
        after = await schema.stored_version(url)
    print(f"the database is up to date (version {after})" if before == after else f"version {before} -> {after}")


async def move(settings: Settings, target: str, *, into_bucket: bool) -> None:
    """Move the installation of the data folder into PostgreSQL, and its media into the bucket of the settings.

    The source is locked and unchanged until the copy is complete and compared. Cut short at any point, the source
    still starts and the same command begins or goes on; at the end it is the target that starts, and only that.

    :raises StartupError: if it can't be done; it says what to do.
    """
    console = Console()
    if sqlite_path(parse_url(target)) is not None:
        raise StartupError("the target is an SQLite file; --to takes a postgresql:// URL")
    if settings.database_url:
        raise StartupError("WAGATE_DATABASE_URL is set; what is moved is the SQLite database of the data folder")
    if into_bucket and not settings.s3_endpoint:
        raise StartupError("--s3 needs WAGATE_S3_ENDPOINT and the other WAGATE_S3_* settings")
    with DataDir.open(settings.data_dir) as folder:
        mark = moves.moved_to(folder)
        source = await _checked_source(folder, settings)
        if mark is not None:
            await _end(folder, target, mark["source"])
            console.print(f"moved to {_place(target)}")
            return
        await schema.migrate(target)
        rows = await _copy_rows(folder, target, source, console)
        files = await _copy_files(folder, settings, console) if into_bucket else 0
        _write_environment(folder, settings, target, into_bucket)
        await asyncio.to_thread(moves.mark_moved, folder, source, _place(target))
        await _end(folder, target, source)
    console.print(f"moved to {_place(target)}: {rows} rows" + (f", {files} files" if into_bucket else ""))
    console.print(
        f"set what stands in {folder.path / ENVIRONMENT} for every process, then start `wagate up`,", soft_wrap=True
    )
    console.print("or `wagate gateway` and `wagate worker`. `wagate up` on the old database refuses from now on.")


async def _checked_source(folder: DataDir, settings: Settings) -> str:
    """What the installation is told by, once it is sure that it can be moved.

    :raises StartupError: if there is none, its tables are old, or the key ring does not open it.
    """
    if await schema.stored_version(folder.database_url) is None:
        raise StartupError(f"there is no installation in {folder.path}")
    await schema.check_version(folder.database_url)
    ring = folder.secret_keys(settings)
    if ring is None:
        raise StartupError(f"the key file {folder.key_file} is missing; without it the copy could not be read")
    database = await Database.open(folder.database_url)
    try:
        await database.read(lambda tx: check_ring(tx, ring))
        return await database.read(moves.source_of)
    finally:
        await database.close()


async def _copy_rows(folder: DataDir, target: str, source: str, console: Console) -> int:
    columns = (TextColumn("{task.description:>24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bars: dict[str, TaskID] = {}

        def told(table: str, done: int, total: int) -> None:
            if table not in bars:
                bars[table] = progress.add_task(table, total=total or None)
            progress.update(bars[table], completed=done, total=total or 1)

        return await asyncio.to_thread(transfer.copy, folder.database_url, target, source, told)


async def _copy_files(folder: DataDir, settings: Settings, console: Console) -> int:
    """Media and backups of sessions into their buckets, each file read back and compared. What is there already is not
    sent again.
    """
    count = 0
    for name, bucket in (("media", settings.s3_media_bucket), ("backups", settings.s3_sessions_bucket)):
        here = Blobs.in_folder(folder.path / name)
        there = files_of(settings, bucket, folder.path / name)
        keys = [key async for key in here.listed()]
        with Progress(console=console) as progress:
            bar = progress.add_task(name, total=len(keys) or 1)
            for key in keys:
                wanted = await _digest(here.get(key))
                if not await _same(there, key, wanted):
                    await there.put(key, here.get(key))
                    if not await _same(there, key, wanted):
                        raise StartupError(f"the file {key} did not arrive in the bucket as it was", "run it again")
                progress.advance(bar)
        count += len(keys)
    return count


async def _same(blobs: Blobs, key: str, wanted: bytes) -> bool:
    try:
        return await _digest(blobs.get(key)) == wanted
    except BlobMissing:
        return False


async def _digest(content: AsyncIterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    async for piece in content:
        digest.update(piece)
    return digest.digest()


async def _end(folder: DataDir, target: str, source: str) -> None:
    """Let the copy start, now that the source does not any more.

    :raises StartupError: if the target is not where the source was moved.
    """
    if (await asyncio.to_thread(moves.moved_to, folder) or {}).get("database") != _place(target):
        moves.refuse_if_moved(folder)
    database = await Database.open(target)
    try:
        await database.write(lambda tx: moves.let_start(tx, source))
    finally:
        await database.close()


def _write_environment(folder: DataDir, settings: Settings, target: str, into_bucket: bool) -> None:
    ring = folder.secret_keys(settings)
    assert ring is not None
    lines = {"WAGATE_DATABASE_URL": target, "WAGATE_SECRET_KEYS": ring.to_text()}
    if into_bucket:
        lines |= {
            "WAGATE_S3_ENDPOINT": settings.s3_endpoint,
            "WAGATE_S3_REGION": settings.s3_region,
            "WAGATE_S3_ACCESS_KEY_ID": settings.s3_access_key_id,
            "WAGATE_S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
            "WAGATE_S3_MEDIA_BUCKET": settings.s3_media_bucket,
            "WAGATE_S3_SESSIONS_BUCKET": settings.s3_sessions_bucket,
        }
    moves.write_secret(folder, ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in lines.items()))


def _place(url: str) -> str:
    """Where a database is, without who may read it."""
    parsed = parse_url(url)
    host = parsed.host or str(parsed.query.get("host", "localhost"))
    return f"{host}{f':{parsed.port}' if parsed.port else ''}/{parsed.database or ''}"
