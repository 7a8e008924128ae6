"""`wagate sessions import`: the auth folder of a Baileys program, read and checked here, and sent to the gateway."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from wagate.cli.client import ApiClient
from wagate.engine.moving import NATIVE, read_folder
from wagate.engine.port import AuthFolderUnreadable


async def import_session(client: ApiClient, folder: Path, name: str, engine: str | None) -> None:
    """Make a session of a folder.

    :raises AuthFolderUnreadable: naming the file that is not what it should be; nothing was sent then.
    :raises ApiFailure: if the gateway refuses.
    """
    files = read_files(folder)
    read_folder(files, NATIVE)
    body: dict[str, Any] = {"name": name or folder.resolve().name, "files": files}
    if engine is not None:
        body["engine"] = engine
    async with client as api:
        made = await api.call("POST", "/api/sessions/import", body)
    session, console = made["session"], Console()
    console.print(
        f"{session['id']}: {session['me']['jid']}, on {session['engine']}, not connected yet", highlight=False
    )
    console.print(made["warning"])
    console.print(f"Then: POST /api/sessions/{session['id']}/connect", highlight=False)


def read_files(folder: Path) -> dict[str, object]:
    """The JSON files of a folder by their names.

    :raises AuthFolderUnreadable: if it is no folder, or one of them can't be read.
    """
    if not folder.is_dir():
        raise AuthFolderUnreadable(f"{folder} is not a folder")
    files: dict[str, object] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            files[path.name] = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthFolderUnreadable(f"{path.name} can't be read as JSON") from error
    return files
