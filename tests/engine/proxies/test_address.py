"""What customers write for a proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.engine.proxies import BadProxyUrl, ProxyAddress


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://proxy.example:3128", ("http", "proxy.example", 3128, "", "")),
        ("HTTPS://Proxy.Example:443/", ("https", "proxy.example", 443, "", "")),
        ("socks5://ada:secret@192.0.2.1:1080", ("socks5", "192.0.2.1", 1080, "ada", "secret")),
        ("socks5h://ada@[2001:db8::1]:1080", ("socks5h", "2001:db8::1", 1080, "ada", "")),
        ("http://a%40b:p%3Aw%25d%2F@h:1", ("http", "h", 1, "a@b", "p:w%d/")),
        ("http://ada:pass:word@h:1", ("http", "h", 1, "ada", "pass:word")),
    ],
)
def test_a_proxy_is_read(url: str, parts: tuple[str, str, int, str, str]) -> None:
    proxy = ProxyAddress.parse(url)
    assert (proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password) == parts


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("proxy.example:1080", "scheme"),
        ("ftp://proxy.example:21", "scheme"),
        ("socks4://proxy.example:1080", "scheme"),
        ("http://proxy.example", "host:port"),
        ("http://ada:hunter2@", "host:port"),
        ("http://proxy.example:0", "port"),
        ("http://proxy.example:65536", "port"),
        ("http://proxy.example:80/path", "host:port"),
        ("http://[zz]:80", "host:port"),
        ("http://:hunter2@proxy.example:80", "user name"),
        ("http://ada:hun@ter2@proxy.example:80", "%40"),
        ("http://ada:hunter2/@proxy.example:80", "percent-encoded"),
        ("http://ada:hunter2%@proxy.example:80", "%25"),
        ("http://ada:hunter2%0d%0a@proxy.example:80", "control character"),
        ("http://ada%3a:hunter2@proxy.example:80", "colon"),
        ("http://ada:hunter2%ff@proxy.example:80", "UTF-8"),
        ("http://ada:hunter 2@proxy.example:80", "space"),
        ("http://ada:" + "hunter2" * 40 + "@proxy.example:80", "255"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, what: str) -> None:
    with pytest.raises(BadProxyUrl, match=what) as raised:
        ProxyAddress.parse(url)
    assert "hunter" not in str(raised.value)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        proxy = ProxyAddress.parse(text)
    except BadProxyUrl:
        return
    assert proxy.host and 1 <= proxy.port <= 65535


def test_neither_user_nor_password_is_in_what_is_printed() -> None:
    assert "hunter2" not in repr(ProxyAddress.parse("http://ada:hunter2@proxy.example:80"))
    assert "ada" not in repr(ProxyAddress.parse("http://ada:hunter2@proxy.example:80"))
