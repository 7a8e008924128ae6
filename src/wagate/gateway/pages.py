"""The documentation that a browser shows. Every byte comes from here: it works offline and reports on nobody."""

import html
import re
from collections.abc import Iterator
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

from wagate.core.errors import StartupError, WagateError
from wagate.web.problems import ERRORS_PAGE

#: Nothing inline, nothing from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_CODE = re.compile(r"`([^`]+)`")
_KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css"}


def router() -> APIRouter:
    """Routes of the pages and their files."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    async def docs_page() -> Response:
        return _file("docs.html")

    @routes.get("/docs/docs.js")
    async def docs_script() -> Response:
        return _file("docs.js")

    @routes.get("/docs/docs.css")
    async def docs_style() -> Response:
        return _file("docs.css")

    @routes.get(ERRORS_PAGE)
    async def errors_page() -> Response:
        return _answer(errors_html().encode(), "html")

    return routes


def error_classes() -> list[type[WagateError]]:
    """Every error that a request can be answered with, one for each code, by status and code.

    Of several classes with one code the most general stands for all, and a simulation for none. Features that were not
    imported are missing.
    """
    found: dict[str, type[WagateError]] = {}
    every: list[type[WagateError]] = [WagateError, *_derived(WagateError)]
    for error in sorted(every, key=lambda error: error.__module__.startswith("wagate.sandbox")):
        # What the command line says, it says as a client.
        ours = error.__module__.startswith("wagate.") and not error.__module__.startswith("wagate.cli")
        if ours and not issubclass(error, StartupError):
            found.setdefault(error.code, error)
    return sorted(found.values(), key=lambda error: (error.status, error.code))


def errors_html() -> str:
    """The page that the ``type`` of every problem leads to."""
    entries = "\n".join(
        f'<article id="{html.escape(error.code)}"><h2><code>{html.escape(error.code)}</code>'
        f"<span>{error.status}</span></h2><p>{_prose(error.title())}</p></article>"
        for error in error_classes()
    )
    return _text("errors.html").replace("<!-- errors -->", entries)


def _prose(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", html.escape(text))


def _derived(error: type[WagateError]) -> Iterator[type[WagateError]]:
    for derived in error.__subclasses__():
        yield derived
        yield from _derived(derived)


def _file(name: str) -> Response:
    return _answer(_text(name).encode(), name.rpartition(".")[2])


def _text(name: str) -> str:
    return (files("wagate.gateway") / "static" / name).read_text("utf-8")


def _answer(content: bytes, kind: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return Response(content, media_type=_KINDS[kind], headers=headers)
