"""`wagate keys`: the key ring of a gateway, through its API."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from wagate.cli.client import ApiClient
from wagate.core.clock import Clock, SystemClock

#: How often the progress is asked for.
_LOOK_SECONDS = 0.5


async def rotate_keys(client: ApiClient, clock: Clock | None = None) -> None:
    """Begin a rotation, or join the one under way, and show it until it has ended."""
    clock = clock or SystemClock()
    console = Console()
    columns = (TextColumn("re-wrapping"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with client as api:
        rotation = await api.call("POST", "/api/admin/keys/rotate")
        key_id = rotation["keyId"]
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=None)
            while rotation["finishedAt"] is None:
                progress.update(bar, completed=rotation["done"], total=rotation["total"] or None)
                await clock.sleep(_LOOK_SECONDS)
                rotation = (await api.call("GET", "/api/admin/keys/rotation"))["rotation"]
                if rotation["keyId"] != key_id:
                    console.print(f"another rotation was begun, to key {rotation['keyId']}")
                    key_id = rotation["keyId"]
            progress.update(bar, completed=rotation["done"], total=max(rotation["done"], 1))
        console.print(f"everything is sealed by key {key_id} ({rotation['done']} values re-wrapped)")
        if rotation["unreadable"]:
            console.print(f"[red]{rotation['unreadable']} values open with no key and were left as they are[/]")
        await _show(api, console)


async def show_keys(client: ApiClient) -> None:
    async with client as api:
        await _show(api, Console())


async def retire_key(client: ApiClient, key_id: str) -> None:
    """:raises ApiFailure: if something still needs the key; it says what."""
    async with client as api:
        await api.call("DELETE", f"/api/admin/keys/{key_id}")
        Console().print(f"key {key_id} is retired; a ring in WAGATE_SECRET_KEYS no longer has to name it")


async def _show(api: ApiClient, console: Console) -> None:
    table = Table("key", "", "needed for")
    for key in (await api.call("GET", "/api/admin/keys"))["keys"]:
        needed = ", ".join(f"{count} in {place}" for place, count in key["needed"].items())
        table.add_row(key["id"], "seals" if key["seals"] else "", needed or "nothing")
    console.print(table)
