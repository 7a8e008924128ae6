"""Reading a request to send: JSON, or a form of JSON and a file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from wagate.core.errors import UnsupportedMedia
from wagate.core.ids import SessionId
from wagate.media.model import Media
from wagate.media.multipart import FormMalformed, is_form, read_form
from wagate.media.service.library import Library
from wagate.messages.kinds import SENDABLE, kind_of
from wagate.messages.kinds.body import FileBody, SendBody
from wagate.web.principal import Principal
from wagate.web.problems import BodyMalformed

#: A text of 65,536 characters of four bytes each, a thousand mentions, and some.
_MAX_PAYLOAD: Final = 1024 * 1024


class Invalid(Exception):
    """The body does not fit; ``errors`` as pydantic lists them."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A message to send, and the file that came with it."""

    body: SendBody
    file: Media | None = None


async def read_request(
    principal: Principal, content_type: str, stream: AsyncIterator[bytes], library: Library
) -> SendRequest:
    """Read the body; a file in it is stored.

    :raises Invalid: :raises BodyMalformed: :raises FormMalformed: :raises UnsupportedType: :raises FileTooLarge:
    :raises UnsupportedMedia: if it is neither JSON nor a form.
    """
    if is_form(content_type):
        return await _read_form(principal, content_type, stream, library)
    essence = content_type.partition(";")[0].strip().lower()
    if essence != "application/json" and not essence.endswith("+json"):
        raise UnsupportedMedia("The body must be application/json or multipart/form-data")
    return SendRequest(body=read_json(b"".join([chunk async for chunk in stream])))


def read_json(raw: bytes) -> SendBody:
    """Read the body of a request without a form.

    :raises Invalid: :raises BodyMalformed: :raises UnsupportedType:
    """
    body = parse_body(raw)
    _check_file(body, with_file=False)
    return body


async def _read_form(
    principal: Principal, content_type: str, stream: AsyncIterator[bytes], library: Library
) -> SendRequest:
    body: SendBody | None = None
    file: Media | None = None
    try:
        async for part in read_form(content_type, stream):
            if part.name == "payload" and body is None:
                body = parse_body((await part.text(_MAX_PAYLOAD)).encode())
            elif part.name == "file" and file is None:
                file = await library.take(
                    principal.account_id, part.chunks, mimetype=part.mimetype, filename=part.filename
                )
            else:
                raise FormMalformed("the form has the fields payload and file, each once")
        if body is None:
            raise FormMalformed("the form has no part `payload`")
        _check_file(body, with_file=file is not None)
    except Exception:
        if file is not None:
            await library.discard(file)
        raise
    return SendRequest(body=body, file=file)


def parse_body(raw: bytes) -> SendBody:
    """Read and check the JSON of a message.

    :raises BodyMalformed: if it is no JSON object. :raises Invalid: if a field does not fit.
    :raises UnsupportedType: if messages of its type can't be sent yet.
    """
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BodyMalformed("The body is not valid JSON") from error
    except RecursionError as error:
        raise BodyMalformed("The body is nested too deeply") from error
    if not isinstance(given, dict):
        raise BodyMalformed("The body must be a JSON object")
    if b"\\u0000" in raw and _has_nul(given):
        raise BodyMalformed("The body holds a NUL character")
    name = given.get("type", "text")
    kind = kind_of(name) if isinstance(name, str) else None
    if kind is None:
        types = ", ".join(SENDABLE)
        raise Invalid([{"type": "literal_error", "loc": ("type",), "msg": f"Input should be one of: {types}"}])
    try:
        body: SendBody = kind.body.model_validate(given)
    except ValidationError as error:
        raise Invalid([dict(failure) for failure in error.errors(include_url=False, include_input=False)]) from None
    return body


def session_of(body: SendBody, in_path: SessionId | None) -> SessionId:
    """The session that sends.

    :raises Invalid: if the body names none or another than the path.
    """
    if in_path is not None:
        if body.session_id not in (None, in_path):
            raise Invalid([_error("sessionId", "value_error", "The path names another session")])
        return in_path
    if body.session_id is None:
        raise Invalid([_error("sessionId", "missing", "Field required")])
    try:
        return SessionId.parse(body.session_id)
    except ValueError:
        raise Invalid([_error("sessionId", "value_error", "Not the id of a session, such as ses_…")]) from None


def _has_nul(value: Any) -> bool:
    # PostgreSQL's texts can't hold it.
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _check_file(body: SendBody, *, with_file: bool) -> None:
    named = isinstance(body, FileBody) and body.media is not None
    if with_file and (named or not isinstance(body, FileBody)):
        raise Invalid([_error("media", "value_error", "The file came with the form already, or has no place here")])
    if not with_file and isinstance(body, FileBody) and not named:
        raise Invalid([_error("media", "missing", "Field required")])


def _error(field: str, kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "loc": (field,), "msg": message}
