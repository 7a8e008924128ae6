"""Reading ``multipart/form-data`` (RFC 7578) as it comes: a large file lies neither in memory nor twice on disk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState

from wagate.core.errors import BadRequest, UnsupportedMedia

_MAX_PARTS: Final = 20
_MAX_HEADER_BYTES: Final = 8 * 1024


class FormMalformed(BadRequest):
    """The form can't be read."""

    code = "malformed_form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field of a form. Its ``chunks`` must be read before the next part is asked for; what is left is skipped."""

    name: str
    filename: str | None
    mimetype: str | None
    chunks: AsyncIterator[bytes]

    async def text(self, max_bytes: int) -> str:
        """The whole field as text.

        :raises FormMalformed: if it is longer, or no UTF-8.
        """
        content = bytearray()
        async for chunk in self.chunks:
            content += chunk
            if len(content) > max_bytes:
                raise FormMalformed(f"the field {self.name[:40]} is too long")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise FormMalformed(f"the field {self.name[:40]} is not UTF-8") from None


def is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


async def read_form(content_type: str, body: AsyncIterator[bytes]) -> AsyncIterator[Part]:
    """The parts of a form, in order.

    :raises UnsupportedMedia: if ``content_type`` is no form. :raises FormMalformed: if the body is none.
    """
    if not is_form(content_type):
        raise UnsupportedMedia("The body must be multipart/form-data")
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if not boundary or len(boundary) > 200:
        raise FormMalformed("the form has no boundary")
    reader = _Reader(boundary.encode("latin-1", "replace"), body)
    for _ in range(_MAX_PARTS):
        part = await reader.next_part()
        if part is None:
            return
        yield part
        async for _ in part.chunks:
            pass
    raise FormMalformed(f"the form has more than {_MAX_PARTS} fields")


#: What the parser found, in order: a head, a piece of content, the end of a part.
_Head = dict[str, str]
_END: Final = object()


class _Reader:
    """Turns the parser's callbacks into things to ask for."""

    def __init__(self, boundary: bytes, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._found: list[_Head | bytes | object] = []
        self._over = False
        self._headers: _Head = {}
        self._field = bytearray()
        self._value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": lambda: self._found.append(_END),
            },
        )

    async def next_part(self) -> Part | None:
        found = await self._next()
        if found is None:
            return None
        if not isinstance(found, dict):
            raise FormMalformed
        disposition = Message()
        disposition["content-disposition"] = found.get("content-disposition", "")
        name = disposition.get_param("name", header="content-disposition")
        if disposition.get_content_disposition() != "form-data" or not isinstance(name, str):
            raise FormMalformed("a part of the form has no name")
        return Part(
            name=name,
            filename=_filename(disposition),
            mimetype=found.get("content-type"),
            chunks=self._content(),
        )

    async def _content(self) -> AsyncIterator[bytes]:
        while True:
            found = await self._next()
            if found is _END:
                return
            if not isinstance(found, bytes):
                raise FormMalformed("the form ends too early")
            yield found

    async def _next(self) -> _Head | bytes | object | None:
        while not self._found:
            if self._over:
                return None
            try:
                chunk = await anext(self._body)
            except StopAsyncIteration:
                self._over = True
                self._parse(None)
                continue
            self._parse(chunk)
        return self._found.pop(0)

    def _parse(self, chunk: bytes | None) -> None:
        try:
            if chunk is None:
                if self._parser.state != MultipartState.END:
                    raise FormMalformed("the form ends too early")
            else:
                self._parser.write(chunk)
        except FormParserError as error:
            raise FormMalformed("the form can't be read") from error

    def _begin(self) -> None:
        self._headers = {}

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._bounded()

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bounded()

    def _bounded(self) -> None:
        if len(self._field) + len(self._value) > _MAX_HEADER_BYTES or len(self._headers) > 20:
            raise FormMalformed("a part of the form has too much of a head")

    def _on_header_end(self) -> None:
        # Browsers write file names as UTF-8; RFC 7578 wants it so.
        name = self._field.decode("latin-1").strip().lower()
        self._headers[name] = self._value.decode("utf-8", "replace")
        self._field.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        self._found.append(self._headers)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(bytes(data[start:end]))


def _filename(disposition: Message) -> str | None:
    name = disposition.get_filename()
    return name or None
