"""The commands that only call the API: for people at a terminal."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from unicodedata import category

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wagate.cli.client import ApiClient, ApiFailure, GatewayAway
from wagate.core.clock import Clock, SystemClock

_COLOUR = {"connected": "green", "qr_required": "yellow", "connecting": "yellow", "disconnected": "dim"}
#: The longest long poll that the API takes.
QR_WAIT = "30"
MAX_TABLE_WIDTH = 400
#: What a reader of events waits before it comes back, as the gateway asks for.
COME_BACK_AFTER = 1.0


async def list_sessions(client: ApiClient) -> None:
    table = Table("id", "name", "status", "number", "engine", "since")
    async with client as api:
        after: dict[str, str] = {}
        while True:
            page = await api.call("GET", "/api/sessions", query=after)
            for session in page["items"]:
                colour = _COLOUR.get(session["status"], "red")
                status = f"[{colour}]{session['status']}[/]"
                table.add_row(
                    session["id"],
                    _harmless(session["name"]),
                    status,
                    _number(session),
                    session["engine"],
                    session["updatedAt"],
                )
            if not page["next"]:
                break
            after = {"cursor": page["next"]}
    console = Console()
    # An id that is cut off is of no use: rather let the terminal wrap the lines.
    table.width = console.measure(table, options=console.options.update(width=MAX_TABLE_WIDTH)).maximum
    console.print(table, crop=False)


def _harmless(text: str) -> str:
    """``text`` with neither our markup nor orders to the terminal in it."""
    return escape("".join("\ufffd" if category(character) == "Cc" else character for character in text))


def _number(session: Mapping[str, Any]) -> str:
    """The number it is linked to, without the device's."""
    me = session.get("me")
    return f"+{me['jid'].partition('@')[0].partition(':')[0]}" if me else session.get("phone") or ""


async def show_session(client: ApiClient, session: str) -> None:
    async with client as api:
        found = await api.call("GET", f"/api/sessions/{session}")
        status = await api.call("GET", f"/api/sessions/{session}/status")
        Console().print_json(json.dumps({**found, "health": status["health"]}))


async def link_session(client: ApiClient, name: str, phone: str) -> None:
    """Show each QR as it comes (or one pairing code) until the phone has linked.

    :raises ApiFailure: if linking ends without success.
    """
    console = Console()
    async with client as api:
        session = name if name.startswith("ses_") else (await api.call("POST", "/api/sessions", {"name": name}))["id"]
        path = f"/api/sessions/{session}"
        await api.call("POST", f"{path}/connect")
        if phone:
            code = await api.call("POST", f"{path}/pairing-code", {"phone": phone})
            console.print(f"On the phone: Linked devices → Link with phone number → [bold]{code['code']}[/]")
        shown, hinted = "", False
        while True:
            now = await api.call("GET", path)
            if now["statusReason"] == "passkey_required" and not hinted:
                hinted = True
                console.print(f"The account is protected by a passkey: answer what GET {path}/passkey asks for.")
            if now["status"] == "connected":
                console.print(f"[green]✓[/] {session} is connected as {now['me']['jid']}")
                return
            if now["status"] not in ("connecting", "qr_required"):
                raise ApiFailure(f"{session} was not linked: {now['status']} ({now['statusReason'] or 'no reason'})")
            if not phone:
                shown = await _show_new_qr(api, path, shown, console)


async def _show_new_qr(api: ApiClient, path: str, shown: str, console: Console) -> str:
    try:
        code = await api.call("GET", f"{path}/qr", query={"wait": QR_WAIT})
        if code["qrString"] != shown:
            console.print(await api.text(f"{path}/qr", {"format": "text"}), highlight=False)
            console.print("Scan it with the phone: Linked devices → Link a device. A new one appears by itself.")
        return str(code["qrString"])
    except ApiFailure as error:
        if error.problem.get("code") in ("already_connected", "qr_not_available"):
            return shown
        raise


async def session_action(client: ApiClient, session: str, action: str) -> None:
    async with client as api:
        found = await api.call("POST", f"/api/sessions/{session}/{action}")
        print(f"{found['id']}: {found['status']}")


async def change_engine(client: ApiClient, session: str, engine: str) -> None:
    async with client as api:
        found = await api.call("POST", f"/api/sessions/{session}/engine", {"engine": engine})
        print(f"{found['id']}: on {found['engine']}, {found['status']}")


async def delete_session(client: ApiClient, session: str) -> None:
    async with client as api:
        await api.call("DELETE", f"/api/sessions/{session}")
        print(f"{session}: deleted")


async def send_text(client: ApiClient, session: str, to: str, text: str) -> None:
    async with client as api:
        message = await api.call("POST", f"/api/sessions/{session}/send", {"to": to, "type": "text", "text": text})
        print(f"{message['id']}: {message['status']} to {message['to']}")


async def follow_events(client: ApiClient, after: str, clock: Clock | None = None) -> None:
    """Print events until interrupted, also over restarts of the gateway.

    :raises ApiFailure: if the gateway refuses, or can't be reached at the beginning.
    """
    clock = clock or SystemClock()
    async with client as api:
        await api.call("GET", "/api/me")
        while True:
            with suppress(GatewayAway):
                async for event in api.stream("/api/events/stream", after):
                    after = str(event["id"])
                    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
                    sys.stdout.flush()
            await clock.sleep(COME_BACK_AFTER)
