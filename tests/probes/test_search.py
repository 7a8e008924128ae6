"""The search for secrets finds what it looks for, however and wherever it is written."""

import base64
import json
import os
import random
from urllib.parse import quote

import pytest

from tests.probes import search as searching
from tests.probes.search import Search, hits


def test_what_is_looked_for_is_found_in_every_spelling() -> None:
    secret = "pl/nted+secret with ümlaut"
    raw = secret.encode()
    written = (raw, raw.hex().encode(), base64.b64encode(raw), quote(secret).encode(), json.dumps(secret).encode())
    assert [hits({"it": secret}, {"there": b"before " + content + b" after"}) for content in written] == [
        ["it in there"]
    ] * len(written)
    assert hits({"it": secret}, {"there": b"nothing"}) == []


def test_what_is_too_short_to_be_looked_for_is_no_secret_that_is_nowhere() -> None:
    with pytest.raises(ValueError, match="short is too short"):
        Search({"short": "seven77"})


def test_a_key_is_found_within_something_that_is_encoded_as_a_whole() -> None:
    key = os.urandom(32)
    for before in range(4):
        whole = bytes(before) + key + bytes(5)
        for written in (base64.b64encode(whole), base64.urlsafe_b64encode(whole), whole.hex().encode()):
            assert hits({"a key": key}, {"there": b'{"record":"' + written + b'"}'}) == ["a key in there"]


def test_nothing_is_missed_at_any_place_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(1)
    secrets = {str(number): dice.randbytes(8 + number % 30) for number in range(200)}
    search = Search(secrets)
    for name, secret in secrets.items():
        content = dice.randbytes(dice.randrange(40)) + secret + dice.randbytes(dice.randrange(40))
        assert search.within(content) == {name}
    monkeypatch.setattr(searching, "_PIECE", 64)
    secret = secrets["7"]
    for begin in range(140):
        assert search.within(bytes(begin) + secret + bytes(9)) == {"7"}
