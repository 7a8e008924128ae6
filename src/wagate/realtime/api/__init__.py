"""The routes of what happens.

==============  ==================================================================================================
streams         server-sent events
sockets         Socket.IO
==============  ==================================================================================================
"""

from fastapi import APIRouter

from wagate.core.clock import Clock
from wagate.events.service import EventLog
from wagate.realtime.api import sockets, streams
from wagate.realtime.service import Feed
from wagate.sessions.service import Sessions


def router(log: EventLog, sessions: Sessions, clock: Clock) -> APIRouter:
    """Both; an account's places are shared between them."""
    feed = Feed(log, clock)
    routes = APIRouter()
    routes.include_router(streams.router(feed, sessions))
    routes.include_router(sockets.router(feed, sessions, clock))
    return routes


__all__ = ["router"]
