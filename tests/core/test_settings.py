"""What an operator sets, and what is said when it makes no sense."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from wagate.core.settings import Settings


def test_networks_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAGATE_ALLOW_PRIVATE_NETWORKS", "127.0.0.0/8, fd00::/8,")
    assert Settings(_env_file=None).allow_private_networks == (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize("text", ["bogus", "127.0.0.1/8", "10.0.0.0/8;11.0.0.0/8"])
def test_a_network_that_is_none_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WAGATE_ALLOW_PRIVATE_NETWORKS", text)
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)
    (error,) = refused.value.errors()
    assert error["loc"] == ("allow_private_networks",)
    assert text in error["msg"]
