"""`wagate demo`: the main job, told as it happens, on a simulated WhatsApp.

It starts `wagate up --sandbox` as anyone would and then only uses the public API, so what it shows is what a customer
gets. Each step waits for evidence from the other side (the phone's screen, the webhook that arrived), never for a
moment to pass.
"""

import asyncio
import base64
import io
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel

from wagate.cli.client import ApiClient
from wagate.cli.program import Program, running
from wagate.cli.serving import stop_signal
from wagate.cli.sink import WebhookSink
from wagate.core.clock import SystemClock
from wagate.core.errors import WagateError

SHOP = "4915112345678"
CUSTOMER = "4917612340000"
#: Every step but linking answers in milliseconds; a minute means that it never will.
STEP_TIMEOUT = 60.0
CHECK_EVERY = 0.05

Json = dict[str, Any]


class DemoFailed(WagateError):
    """A step of the demo did not happen."""

    code = "demo_failed"


async def demo(once: bool, engine: str, console: Console) -> None:
    """Tell the story; then stay up until interrupted, or end if ``once``.

    :raises DemoFailed: naming the step that failed.
    """
    with tempfile.TemporaryDirectory(prefix="wagate-demo-") as folder:
        data_dir = Path(folder) / "data"
        log = Path(folder) / "wagate.log"
        arguments = ["--sandbox", "--port", "0", "--data-dir", str(data_dir), "--engine", engine]
        # The receiver of the webhooks listens on this machine, which an operator has to allow.
        environment = {"WAGATE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
        console.print("[bold]wagate demo[/]: a gateway, a simulated WhatsApp and two phones, on this machine\n")
        try:
            async with WebhookSink() as sink, running("up", arguments, data_dir, environment, log) as program:
                console.print(f"[green]●[/] gateway, worker and sandbox run at {program.url}")
                async with ApiClient(program.url, program.admin_key) as api:
                    story = Story(api, sink, console)
                    await story.tell()
                    if not once:
                        await _stay(program, story, console)
        except WagateError as error:
            tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
            raise DemoFailed("\n".join([error.detail, *tail])) from error


class Story:
    """The steps, in order. What one learns, the next ones use."""

    def __init__(self, api: ApiClient, sink: WebhookSink, console: Console) -> None:
        self.api = api
        self.sink = sink
        self.console = console
        self.clock = SystemClock()
        self.session = ""

    async def tell(self) -> None:
        await self._meet()
        await self._listen()
        await self._link()
        await self._send_text()
        await self._send_picture()
        await self._receive()
        self.console.print("\n[bold green]✓[/] linked, sent, was read, got a reply, told your software")

    async def _meet(self) -> None:
        for number, name in ((SHOP, "Corner Shop"), (CUSTOMER, "Ada")):
            await self.api.call("POST", "/sandbox/phones", {"number": number, "name": name})
        self._did("two simulated phones are on: the shop's and Ada's, a customer")

    async def _listen(self) -> None:
        endpoint = await self.api.call("POST", "/api/webhooks/endpoints", {"url": self.sink.url, "enabled": True})
        self.sink.secret = str(endpoint["secret"])
        self._did(f"a webhook receiver listens at {self.sink.url} and checks every signature")

    async def _link(self) -> None:
        created = await self.api.call("POST", "/api/sessions", {"name": "shop", "purpose": "demo"})
        self.session = str(created["id"])
        await self.api.call("POST", f"/api/sessions/{self.session}/connect")
        path = f"/api/sessions/{self.session}/qr"
        code = await self.api.call("GET", path, query={"wait": "30"})
        picture = await self.api.text(path, {"format": "text"})
        self.console.print(Panel(picture.rstrip(), title="scan to link", expand=False), highlight=False)
        await self.api.call("POST", f"/sandbox/phones/{SHOP}/scan", {"qr": code["qrString"]})
        self._did("the shop's phone scanned it")
        session = await self._until("the session is connected", self._connected)
        self._did(f"session [bold]{self.session}[/] is connected as {session['me']['jid']}")

    async def _connected(self) -> Json | None:
        session = await self.api.call("GET", f"/api/sessions/{self.session}")
        return session if session["status"] == "connected" else None

    async def _send_text(self) -> None:
        text = "Hello Ada, your order is ready."
        sent = await self._send({"to": f"+{CUSTOMER}", "type": "text", "text": text})
        await self._until("Ada's phone shows the text", lambda: self._shown(sent["waId"], "text", text))
        self._did(f"Ada reads: “{text}”")
        await self._until("the text is reported read", lambda: self._status(sent["id"], "read"))
        self._did("WhatsApp's acknowledgement, delivery and reading were reported: sent → delivered → read")

    async def _send_picture(self) -> None:
        media = {"base64": base64.b64encode(picture()).decode(), "mimetype": "image/png", "filename": "order.png"}
        sent = await self._send({"to": f"+{CUSTOMER}", "type": "image", "media": media, "caption": "Your order"})
        await self._until("Ada's phone shows the picture", lambda: self._shown(sent["waId"], "type", "image"))
        self._did("Ada sees the picture, downloaded and decrypted by her phone")

    async def _receive(self) -> None:
        text = "Thank you! I am on my way."
        await self.api.call("POST", f"/sandbox/phones/{CUSTOMER}/send", {"to": SHOP, "text": text})
        self._did(f"Ada answers: “{text}”")
        event = await self._until("the webhook of Ada's answer arrives", lambda: self._told("message.received", text))
        data = event["data"]
        self._did(f"webhook [bold]{event['type']}[/] arrived, signature verified: {data['from']} “{data['text']}”")

    async def _send(self, body: Mapping[str, Any]) -> Json:
        return await self.api.call("POST", f"/api/sessions/{self.session}/send", body, query={"wait": "30"})

    async def _shown(self, wa_id: str, field: str, value: str) -> Json | None:
        inbox = await self.api.call("GET", f"/sandbox/phones/{CUSTOMER}/messages")
        return next((m for m in inbox["items"] if m["waId"] == wa_id and m.get(field) == value), None)

    async def _status(self, message: str, status: str) -> Json | None:
        found = await self.api.call("GET", f"/api/messages/{message}")
        return found if found["status"] == status else None

    async def _told(self, kind: str, text: str) -> Json | None:
        return next((e for e in self.sink.events if e["type"] == kind and e["data"].get("text") == text), None)

    async def _until(self, what: str, check: Callable[[], Awaitable[Json | None]]) -> Json:
        try:
            async with asyncio.timeout(STEP_TIMEOUT):
                while (found := await check()) is None:
                    await self.clock.sleep(CHECK_EVERY)
                return found
        except TimeoutError as error:
            raise DemoFailed(f"it did not happen within {STEP_TIMEOUT:.0f} s that {what}") from error

    def _did(self, sentence: str) -> None:
        self.console.print(f"[green]●[/] {sentence}", highlight=False, soft_wrap=True)


async def _stay(program: Program, story: Story, console: Console) -> None:
    key, url = program.admin_key, program.url
    console.print(
        f"""
It stays up for you to go on by hand (Ctrl-C ends it). The API is described at {url}/docs

  export WAGATE_URL={url} WAGATE_KEY={key}
  .venv/bin/wagate send {story.session} +{CUSTOMER} "Hello again"
  .venv/bin/wagate events
  curl -s -H "X-API-Key: $WAGATE_KEY" $WAGATE_URL/sandbox/phones/{CUSTOMER}/messages
""",
        highlight=False,
        soft_wrap=True,
    )
    # From here on Ctrl-C is the way to end it, not a failure.
    ended = asyncio.ensure_future(program.process.wait())
    asked = asyncio.ensure_future(stop_signal().wait())
    await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if ended.done():
        raise DemoFailed("the gateway ended by itself")
    ended.cancel()
    console.print("\nended")


def picture() -> bytes:
    """A small PNG made here, so that nothing has to be shipped: a parcel on a table."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (320, 200), "#f2efe9")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 150, 320, 200), fill="#8a6d4f")
    draw.rectangle((100, 60, 220, 150), fill="#c89b62", outline="#7a5a33", width=3)
    draw.rectangle((150, 60, 170, 150), fill="#e6cfa5")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
