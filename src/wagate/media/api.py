"""Uploading and serving files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Request
from starlette.responses import Response, StreamingResponse

from wagate.core.errors import UnsupportedMedia, WagateError
from wagate.core.ids import MediaId
from wagate.media.errors import EmptyFile, FileTooLarge, MediaLost, MediaNotFound, MediaPending
from wagate.media.http_range import Unsatisfiable, span_of
from wagate.media.model import Media, MediaState
from wagate.media.multipart import FormMalformed, read_form
from wagate.media.service.library import Library
from wagate.web.auth import ReadAccess, SendAccess
from wagate.web.models import ApiModel
from wagate.web.problems import problem, problem_responses
from wagate.web.routing import ApiRouter

#: What a form's other fields and boundaries may add to a file.
FORM_SLACK: Final = 1024 * 1024

#: Types that no browser runs. Everything else is offered for download, not shown.
_HARMLESS: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_HARMLESS_KINDS: Final = ("audio/", "video/")


class RangeNotSatisfiable(WagateError):
    """The range lies beyond the end of the file."""

    code = "range_not_satisfiable"
    status = 416


class FileMissing(FormMalformed):
    """The form has no part `file`."""

    code = "file_missing"


class MediaBody(ApiModel):
    """A stored file."""

    id: MediaId
    mimetype: str
    size: int
    sha256: str
    """Of the file, in hex."""
    filename: str | None
    state: MediaState
    url: str
    """Where it can be fetched, relative to the gateway."""
    created_at: datetime


_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "description": "The file."}},
                }
            }
        },
    }
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that was asked for"},
    304: {"description": "The file is the one named by If-None-Match"},
}


def router(library: Library) -> APIRouter:
    """The routes of files."""
    routes = ApiRouter(tags=["media"])

    @routes.post(
        "/api/media",
        status_code=201,
        response_model=MediaBody,
        openapi_extra=_FORM,
        responses=problem_responses(FormMalformed, FileMissing, FileTooLarge, UnsupportedMedia, EmptyFile),
        max_body_size=library.max_bytes + FORM_SLACK,
    )
    async def upload(request: Request, principal: SendAccess) -> MediaBody:
        """Upload a file once, to send it many times as `{"media": {"id": …}}`. The form's part `file` is streamed."""
        async for part in read_form(request.headers.get("content-type", ""), request.stream()):
            if part.name == "file":
                kept = await library.take(
                    principal.account_id, part.chunks, mimetype=part.mimetype, filename=part.filename
                )
                return _body(kept)
        raise FileMissing

    @routes.get(
        "/api/media/{media_id}",
        response_class=StreamingResponse,
        responses={
            **_FILE,
            **problem_responses(MediaNotFound, MediaLost, MediaPending, RangeNotSatisfiable),
        },
    )
    async def download(
        request: Request,
        media_id: str,
        principal: ReadAccess,
        range: Annotated[str | None, Header(max_length=200, description="One range of bytes.")] = None,
        if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
    ) -> Response:
        """A file, or a range of it. A picture, sound or video may be shown by a browser; anything else is offered for
        download.
        """
        item = await library.ready(principal, media_id)
        headers = _headers(item)
        if if_none_match is not None and headers["ETag"] in if_none_match:
            return Response(status_code=304, headers=headers)
        try:
            span = span_of(range, item.size)
        except Unsatisfiable:
            refusal = problem(RangeNotSatisfiable(f"the file has {item.size} bytes"), request)
            refusal.headers["Content-Range"] = f"bytes */{item.size}"
            return refusal
        if span is None:
            headers["Content-Length"] = str(item.size)
            content = await library.read(item)
            return StreamingResponse(content, headers=headers, media_type=item.mimetype)
        headers["Content-Length"] = str(span.end - span.start)
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{item.size}"
        return StreamingResponse(
            await library.read(item, span.start, span.end),
            status_code=206,
            headers=headers,
            media_type=item.mimetype,
        )

    return routes


def _headers(item: Media) -> dict[str, str]:
    """Whatever a stranger sent, a browser must neither run it nor guess at it."""
    essence = item.mimetype.partition(";")[0]
    harmless = essence in _HARMLESS or essence.startswith(_HARMLESS_KINDS)
    disposition = "inline" if harmless else "attachment"
    if item.filename:
        disposition += f"; filename*=UTF-8''{quote(item.filename, safe='')}"
    headers: Mapping[str, str] = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": disposition,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": f'"{item.sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    return dict(headers)


def _body(item: Media) -> MediaBody:
    return MediaBody(
        id=item.id,
        mimetype=item.mimetype,
        size=item.size,
        sha256=item.sha256,
        filename=item.filename,
        state=item.state,
        url=f"/api/media/{item.id}",
        created_at=item.created_at,
    )
