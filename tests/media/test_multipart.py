"""Forms, however they are cut into pieces."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.core.errors import UnsupportedMedia
from wagate.media.multipart import FormMalformed, read_form

TYPE = "multipart/form-data; boundary=XX"


def form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(b"--XX\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--XX--\r\n"


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def everything(body: bytes, size: int = 7, content_type: str = TYPE) -> list[tuple[str, str | None, bytes]]:
    found = []
    async for part in read_form(content_type, pieces(body, size)):
        found.append((part.name, part.filename, b"".join([chunk async for chunk in part.chunks])))
    return found


@given(size=st.integers(1, 300), content=st.binary(max_size=500))
async def test_a_form_is_read_alike_however_it_is_cut(size: int, content: bytes) -> None:
    body = form(
        ('Content-Disposition: form-data; name="payload"', b"{}"),
        ('Content-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: image/png', content),
    )
    if b"\r\n--XX" in b"\r\n" + content:
        return
    assert await everything(body, size) == [("payload", None, b"{}"), ("file", "a.bin", content)]


async def test_a_part_that_is_not_read_is_skipped() -> None:
    body = form(
        ('Content-Disposition: form-data; name="a"', b"x" * 1000), ('Content-Disposition: form-data; name="b"', b"y")
    )
    names = [part.name async for part in read_form(TYPE, pieces(body, 50))]
    assert names == ["a", "b"]


async def test_the_type_and_name_of_a_file_are_told() -> None:
    head = 'content-disposition: form-data; name="file"; filename="räch;nung.pdf"\r\nCONTENT-TYPE: application/pdf'
    (part,) = [part async for part in read_form(TYPE, pieces(form((head, b"x")), 5))]
    assert (part.filename, part.mimetype) == ("räch;nung.pdf", "application/pdf")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed; boundary=XX", ""])
async def test_another_type_is_no_form(content_type: str) -> None:
    with pytest.raises(UnsupportedMedia):
        await everything(form(), content_type=content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form(), "multipart/form-data"),
        (b"--XX\r\nnonsense", TYPE),
        (form(("Content-Disposition: form-data", b"x")), TYPE),
        (form(('Content-Disposition: attachment; name="a"', b"x")), TYPE),
        (form(("X: y", b"x")), TYPE),
        (form((f'Content-Disposition: form-data; name="{"a" * 10_000}"', b"x")), TYPE),
        (form(*[('Content-Disposition: form-data; name="a"', b"x")] * 21), TYPE),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut off', TYPE),
        (b"", TYPE),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(FormMalformed):
        await everything(body, content_type=content_type)


async def test_an_empty_form_has_no_parts() -> None:
    assert await everything(form()) == []
