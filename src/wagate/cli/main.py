"""`wagate`: the commands, put together. Each imports only what it needs, so that all start at once."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from wagate.core.errors import StartupError, WagateError
from wagate.core.settings import EngineName, Settings

app = App(
    name="wagate",
    help="A self-hosted, multi-tenant WhatsApp gateway: one HTTP API, signed webhooks, nothing lost.",
    version="0.1.0",
)
sessions = App(name="sessions", help="Linked WhatsApp numbers: list, link, import, show, unlink.")
app.command(sessions)
wirelog = App(name="wirelog", help="What goes over the wire, as `up --wire-log` writes it.")
app.command(wirelog)
keys = App(name="keys", help="The key ring that everything stored is sealed with: show, rotate, retire.")
app.command(keys)

Url = Annotated[str, Parameter(help="The gateway; else WAGATE_URL, else the one on this machine.")]
Key = Annotated[str, Parameter(help="An API key; else WAGATE_KEY, else the admin's of this data folder.")]


@app.command
def up(
    *,
    sandbox: Annotated[bool, Parameter(negative="", help="Link to a simulated WhatsApp started inside.")] = False,
    engine: Annotated[EngineName | None, Parameter(help="What speaks WhatsApp's protocol for new sessions.")] = None,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one.")] = None,
    data_dir: Annotated[Path | None, Parameter(help="Folder of the database, media and key files.")] = None,
    wire_log: Annotated[Path | None, Parameter(help="Folder for a masked log of every stanza.")] = None,
) -> None:
    """Run the whole gateway in one process until SIGTERM."""
    # Imports make next to no garbage, and looking for it took a fifth of the start; run_up begins with that.
    gc.disable()
    from wagate.cli.up import run_up

    log = str(wire_log) if wire_log is not None else None
    flags = {"engine": engine, "host": host, "port": port, "data_dir": data_dir, "wire_log": log}
    _run(lambda: run_up(_settings(**flags), sandbox))


Host = Annotated[str | None, Parameter(help="Address to listen on.")]
Port = Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one.")]
DataFolder = Annotated[Path | None, Parameter(help="Folder for what this process alone keeps.")]


@app.command
def gateway(*, host: Host = None, port: Port = None, data_dir: DataFolder = None) -> None:
    """Serve the HTTP API as one of several gateways, on PostgreSQL; sessions are hosted by `wagate worker`."""
    gc.disable()
    from wagate.cli.gateway import run_gateway

    _run(lambda: run_gateway(_settings(host=host, port=port, data_dir=data_dir)))


@app.command
def worker(
    *,
    host: Host = None,
    port: Port = None,
    data_dir: DataFolder = None,
    engine: Annotated[EngineName | None, Parameter(help="What speaks WhatsApp's protocol for new sessions.")] = None,
) -> None:
    """Host sessions as one of several workers, on PostgreSQL, for the gateways that WAGATE_GATEWAY_URL leads to."""
    gc.disable()
    from wagate.cli.worker import run_worker

    _run(lambda: run_worker(_settings(host=host, port=port, data_dir=data_dir, engine=engine)))


@app.command
def demo(
    *,
    once: Annotated[bool, Parameter(negative="", help="End when the story is told.")] = False,
    engine: Annotated[EngineName, Parameter(help="What speaks WhatsApp's protocol.")] = "native",
) -> None:
    """Link, send, receive and tell on a simulated WhatsApp, then stay up to play with."""
    from rich.console import Console

    from wagate.cli.demo import demo as tell

    _run(lambda: tell(once, engine, Console()))


@app.command(name="sandbox")
def run_sandbox(
    *, port: Annotated[int, Parameter(help="Port of the control API on loopback; 0 takes a free one.")] = 8090
) -> None:
    """Run the simulated WhatsApp alone; `wagate up` links to it when WAGATE_SANDBOX_URL names it."""
    from wagate.cli.sandbox import run_sandbox as run

    _run(lambda: run(port))


@app.command
def doctor(*, data_dir: Annotated[Path | None, Parameter(help="The data folder to examine.")] = None) -> None:
    """Examine this installation and say what is wrong and what to do."""
    from wagate.cli.doctor import examine

    _run(lambda: examine(_settings(data_dir=data_dir)))


@app.command
def migrate(
    *,
    to: Annotated[
        str,
        Parameter(
            help="Move everything to this PostgreSQL database, postgresql://…; - reads that from standard input.",
            allow_leading_hyphen=True,
        ),
    ] = "",
    s3: Annotated[bool, Parameter(negative="", help="Move media to the bucket of the WAGATE_S3_* settings.")] = False,
    data_dir: Annotated[Path | None, Parameter(help="Folder of the database, media and key files.")] = None,
) -> None:
    """Bring the database up to date; with --to, move a stopped installation from SQLite to PostgreSQL."""
    from wagate.cli.migrate import bring_up_to_date, move

    if to:
        target = sys.stdin.readline().strip() if to == "-" else to
        _run(lambda: move(_settings(data_dir=data_dir), target, into_bucket=s3))
    else:
        _run(lambda: bring_up_to_date(_settings(data_dir=data_dir)))


@sessions.command(name="list")
def list_sessions(*, url: Url = "", key: Key = "") -> None:
    """Every session and its state."""
    from wagate.cli.commands import list_sessions as run

    _run(lambda: run(_client(url, key)))


@sessions.command(name="link")
def link_session(
    name: Annotated[str, Parameter(help="Name of a new session, or id of one to link again.")],
    *,
    phone: Annotated[str, Parameter(help="Link by code with the phone of this number instead of by QR.")] = "",
    url: Url = "",
    key: Key = "",
) -> None:
    """Link a WhatsApp number: shows a QR (or code) and waits for the phone."""
    from wagate.cli.commands import link_session as run

    _run(lambda: run(_client(url, key), name, phone))


@sessions.command(name="show")
def show_session(session: str, *, url: Url = "", key: Key = "") -> None:
    """One session with its evidence of life."""
    from wagate.cli.commands import show_session as run

    _run(lambda: run(_client(url, key), session))


@sessions.command(name="engine")
def change_engine(session: str, engine: EngineName, *, url: Url = "", key: Key = "") -> None:
    """Go on with another engine, with the same link and keys; nothing is scanned."""
    from wagate.cli.commands import change_engine as run

    _run(lambda: run(_client(url, key), session, engine))


@sessions.command(name="import")
def import_session(
    folder: Annotated[Path, Parameter(help="The useMultiFileAuthState folder of a Baileys program, stopped for good.")],
    *,
    name: Annotated[str, Parameter(help="Name of the session; else the folder's.")] = "",
    engine: Annotated[EngineName | None, Parameter(help="The engine to go on with; else the gateway's choice.")] = None,
    url: Url = "",
    key: Key = "",
) -> None:
    """Make a session of a device that a Baileys program linked, without a new scan."""
    from wagate.cli.importing import import_session as run

    _run(lambda: run(_client(url, key), folder, name, engine))


@sessions.command(name="backups")
def list_backups(session: str, *, url: Url = "", key: Key = "") -> None:
    """The encrypted backups of a session."""
    from wagate.cli.backups import list_backups as run

    _run(lambda: run(_client(url, key), session))


@sessions.command(name="restore")
def restore_session(
    session: str,
    *,
    version: Annotated[str, Parameter(help="A version as `sessions backups` shows it; else the newest.")] = "",
    force: Annotated[bool, Parameter(negative="", help="Also if the session has its keys.")] = False,
    url: Url = "",
    key: Key = "",
) -> None:
    """Give a session that lost its keys those of a backup; no message key is used twice."""
    from wagate.cli.backups import restore_session as run

    _run(lambda: run(_client(url, key), session, version, force))


@sessions.command(name="logout")
def logout_session(session: str, *, url: Url = "", key: Key = "") -> None:
    """Unlink a session from its phone; the session itself stays."""
    from wagate.cli.commands import session_action as run

    _run(lambda: run(_client(url, key), session, "logout"))


@sessions.command(name="delete")
def delete_session(session: str, *, url: Url = "", key: Key = "") -> None:
    """Unlink a session and remove it."""
    from wagate.cli.commands import delete_session as run

    _run(lambda: run(_client(url, key), session))


@keys.command(name="show")
def show_keys(*, url: Url = "", key: Key = "") -> None:
    """The keys of the ring and what still needs each."""
    from wagate.cli.keys import show_keys as run

    _run(lambda: run(_client(url, key)))


@keys.command(name="rotate")
def rotate_keys(*, url: Url = "", key: Key = "") -> None:
    """Seal everything that is stored by a new key, beside the traffic."""
    from wagate.cli.keys import rotate_keys as run

    _run(lambda: run(_client(url, key)))


@keys.command(name="retire")
def retire_key(key_id: str, /, *, url: Url = "", key: Key = "") -> None:
    """Forget a key that nothing is sealed by any more."""
    from wagate.cli.keys import retire_key as run

    _run(lambda: run(_client(url, key), key_id))


@app.command
def send(session: str, to: str, text: str, *, url: Url = "", key: Key = "") -> None:
    """Send a text and say what became of it."""
    from wagate.cli.commands import send_text as run

    _run(lambda: run(_client(url, key), session, to, text))


@app.command
def events(
    *,
    after: Annotated[str, Parameter(help="Begin behind this event id instead of now.")] = "",
    url: Url = "",
    key: Key = "",
) -> None:
    """Show events as they happen, one line of JSON each."""
    from wagate.cli.commands import follow_events as run

    _run(lambda: run(_client(url, key), after))


@wirelog.command(name="compare")
def compare_wire_logs(
    a: Annotated[Path, Parameter(help="A session's file.")],
    b: Annotated[Path, Parameter(help="Another one's.")],
    /,
) -> None:
    """Show the stanzas of each that the other has none like: tag, attributes, fixed values, children."""
    from wagate.cli.wirelog import compare as run

    _run(lambda: run(a, b))


def _settings(**flags: object) -> Settings:
    """The environment's settings with the given flags on top.

    :raises StartupError: naming each setting that does not make sense.
    """
    from pydantic import ValidationError

    try:
        # Whether a flag fits its setting is what pydantic looks at.
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"WAGATE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise StartupError(f"a setting is wrong: {wrong}", "docs/reference/settings.md lists them all") from error


def _client(url: str, key: str) -> Any:
    from wagate.cli.client import connection

    return connection(url, key, _settings().data_dir)


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a command; an expected error becomes one sentence and an exit code."""
    try:
        if sys.platform == "win32":
            asyncio.run(work())
        else:
            import uvloop

            uvloop.run(work())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except WagateError as error:
        hint = error.hint if isinstance(error, StartupError) else ""
        print(f"wagate: {error.detail}" + (f"\n        {hint}" if hint else ""), file=sys.stderr)
        raise SystemExit(error.exit_code if isinstance(error, StartupError) else 1) from None


def main() -> None:
    """Entry point of the `wagate` program."""
    app()


if __name__ == "__main__":
    main()
