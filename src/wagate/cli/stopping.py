"""How a program that serves is asked to end."""

import asyncio
import signal


def stop_signal() -> asyncio.Event:
    """Set when the process gets SIGTERM or SIGINT."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked
