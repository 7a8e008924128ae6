"""What a file is: its bytes before what anybody says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.media.sniff import UNKNOWN, normalised, sniff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
HTML = b"<html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("head", "mimetype"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"OggS\x00\x02" + bytes(22) + b"OpusHead", "audio/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
def test_a_signature_wins_over_any_claim(head: bytes, mimetype: str) -> None:
    assert sniff(head) == mimetype
    assert sniff(head, "text/html", "page.html") == mimetype


@pytest.mark.parametrize("claim", ["image/png", "application/pdf", "video/mp4; codecs=x", "image/jpg"])
def test_a_claim_that_its_signature_belies_is_not_believed(claim: str) -> None:
    assert sniff(HTML, claim, "a.png") == "text/html"
    assert sniff(b"nothing of the kind \xff\xfe", claim) == UNKNOWN


def test_a_claim_without_a_signature_is_believed() -> None:
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert sniff(b"PK\x03\x04", docx) == docx
    assert sniff(b"a,b", None, "table.csv") == "text/csv"
    assert sniff(b"a,b", UNKNOWN, "table.csv") == "text/csv"


def test_without_any_claim_the_bytes_are_looked_at() -> None:
    assert sniff("grüße\n".encode()) == "text/plain"
    assert sniff(b"") == UNKNOWN
    assert sniff(b"\x01\x02\x03\xff") == UNKNOWN


@pytest.mark.parametrize(
    ("given_", "result"),
    [
        ("IMAGE/JPG", "image/jpeg"),
        ("application/ogg; codecs=opus", "audio/ogg; codecs=opus"),
        ("text/plain;charset=UTF-8", "text/plain; charset=utf-8"),
        ("text/html\r\nX: y", None),
        ("nonsense", None),
        ("", None),
        (None, None),
    ],
)
def test_claims_are_made_uniform(given_: str | None, result: str | None) -> None:
    assert normalised(given_) == result


@given(st.binary(max_size=300), st.none() | st.text(max_size=60), st.none() | st.text(max_size=60))
def test_any_file_has_a_tame_type(head: bytes, declared: str | None, filename: str | None) -> None:
    mimetype = sniff(head, declared, filename)
    assert mimetype.isascii()
    assert mimetype.isprintable()
    assert mimetype.partition(";")[0].count("/") == 1
