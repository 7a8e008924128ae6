"""The OpenAPI document of the gateway: title, tags and texts around what the routes say of themselves."""

from functools import cache
from importlib.metadata import version as version_of

import msgspec
from fastapi import FastAPI
from starlette.responses import Response

from wagate.storage.errors import OutcomeUnknown, StorageUnavailable
from wagate.web.openapi import Json, document

#: The groups of routes, in the order of reading.
TAGS = {
    "accounts": "Who you are, who else belongs to your account, and the keys of your programs.",
    "sessions": "Linked WhatsApp devices: link by QR or code, connect, watch.",
    "messages": "Send, and look up what was sent and what came.",
    "media": "Upload once, send many times; download what came.",
    "events": "What happened, to be pulled or streamed; Socket.IO is at `/socket.io`, with `auth: {token}`.",
    "webhooks": "What happened, sent to you, signed.",
    "usage": "What was sent and received, and what a plan allows.",
    "administration": "For those who run the gateway: all accounts, plans, settings, and who changed what.",
    "applications": "The same sessions for programs that know them as applications: in snake_case, for administrators.",
    "workers": "The processes that host sessions when there are several.",
    "sandbox": "The simulated WhatsApp: phones, groups, faults, and what its server saw.",
    "operations": "For whoever watches the gateway.",
}

_DESCRIPTION = """\
A self-hosted WhatsApp gateway. JSON is camelCase (snake_case in applications), times are RFC 3339 in UTC, ids have a
prefix and sort by time.

Send an API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`, or the token of a log-in as the former. Errors
are `application/problem+json` (RFC 9457) with a stable `code`; [all of them](/docs/errors). Lists answer
`{items, next}`; give `next` as `cursor` for the next page. 429 and 503 carry `Retry-After`."""


def describe(app: FastAPI, *, public_url: str) -> Json:
    """The document of ``app``; clients reach it at ``public_url`` or, if that is empty, where they found it."""
    servers = [public_url] if public_url else []
    return document(
        app,
        version=gateway_version(),
        description=_DESCRIPTION,
        tags=TAGS,
        servers=servers,
        unavailable=(StorageUnavailable, OutcomeUnknown),
    )


def add_document(app: FastAPI, *, public_url: str) -> None:
    """Serve the document, made when it is first asked for."""

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(describe(app, public_url=public_url), enc_hook=str)

    @app.get("/openapi.json", include_in_schema=False)
    async def get_openapi_document() -> Response:
        return Response(encoded(), media_type="application/json", headers={"Cache-Control": "no-cache"})


def gateway_version() -> str:
    """The version of the installed program."""
    return version_of("wagate")
