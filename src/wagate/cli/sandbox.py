"""`wagate sandbox`: the simulated WhatsApp in a process of its own, on loopback, until SIGTERM."""

from wagate.cli.serving import stop_signal
from wagate.core.logging import configure_logging
from wagate.gateway.server import HttpServer
from wagate.sandbox.api import app
from wagate.sandbox.sandbox import Sandbox


async def run_sandbox(port: int) -> None:
    """Serve the control API; prints ``ready <url>`` once it answers.

    :raises StartupError: if the port is taken.
    """
    configure_logging("info", "console")
    stop = stop_signal()
    server = HttpServer(app(Sandbox()), host="127.0.0.1", port=port)
    await server.start()
    try:
        print(f"ready {server.url}", flush=True)
        await stop.wait()
    finally:
        await server.stop()
