"""`wagate sessions backups` and `wagate sessions restore`, through the API."""

from rich.console import Console
from rich.table import Table

from wagate.cli.client import ApiClient


async def list_backups(client: ApiClient, session: str) -> None:
    table = Table("version", "taken at", "bytes")
    async with client as api:
        for backup in (await api.call("GET", f"/api/admin/sessions/{session}/backups"))["items"]:
            table.add_row(backup["version"], backup["takenAt"], str(backup["size"]))
    Console().print(table)


async def restore_session(client: ApiClient, session: str, version: str, force: bool) -> None:
    """:raises ApiFailure: if it can't be restored, or need not be."""
    wanted = {"force": force, **({"version": version} if version else {})}
    async with client as api:
        after = await api.call("POST", f"/api/admin/sessions/{session}/restore", wanted)
    Console().print(f"{session} is restored ({after['status']}); its peers begin anew with it")
