"""What every answer tells a browser, unless the answer says otherwise itself."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # Answers hold messages and keys: nothing on the way may keep them.
    "Cache-Control": "no-store",
    # An answer that a browser is talked into showing as a page can load and run nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in _DEFAULTS.items()]


class SecurityHeaders:
    """Adds the headers that are missing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                said = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(default for default in _RAW if default[0] not in said)]
            await send(message)

        await self._app(scope, receive, send_with_headers)
