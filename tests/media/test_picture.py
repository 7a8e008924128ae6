"""Size and thumbnail, and no more memory than that takes."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from wagate.media.errors import NotAPicture, PictureTooLarge
from wagate.media.picture import look_at


def encoded(form: str, size: tuple[int, int] = (640, 320), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 128 if mode in ("L", "P") else None).save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_has_its_size_and_a_small_jpeg(form: str) -> None:
    found = look_at(encoded(form))
    assert (found.width, found.height) == (640, 320)
    small = Image.open(io.BytesIO(found.thumbnail))
    assert (small.format, small.size) == ("JPEG", (72, 36))
    assert len(found.thumbnail) < 4096


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "LA"])
def test_every_way_to_write_colours_makes_a_thumbnail(mode: str) -> None:
    assert Image.open(io.BytesIO(look_at(encoded("PNG", mode=mode)).thumbnail)).mode == "RGB"


def test_a_photo_lying_on_its_side_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = look_at(encoded("JPEG", exif=exif))
    assert (found.width, found.height) == (320, 640)
    assert Image.open(io.BytesIO(found.thumbnail)).size == (36, 72)


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises((PictureTooLarge, NotAPicture)):
        look_at(bomb)


@pytest.mark.parametrize("content", [b"", b"text", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        look_at(content)


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.integers(0, 10_000))
def test_a_damaged_picture_is_read_or_refused(at: int, byte: int, cut: int) -> None:
    content = bytearray(encoded("PNG", (40, 40)))
    content[at % len(content)] = byte
    try:
        look_at(bytes(content[: max(1, cut % (2 * len(content)))]))
    except (NotAPicture, PictureTooLarge):
        return
