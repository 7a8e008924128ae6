"""A session's own proxy, for whichever engine it runs on.

address.py    what a customer writes, read and checked
failures.py   what can go wrong on the way through a proxy, and how a session's connection ends then
connect.py    asking an HTTP proxy for a connection (RFC 9110, CONNECT)
socks.py      asking a SOCKS proxy for one (RFC 1928, RFC 1929)
dial.py       a connection through a proxy whose address was checked
tunnel.py     the listener on loopback that engines and file transfers use: HTTP CONNECT in, the customer's proxy out
"""

from wagate.engine.proxies.address import BadProxyUrl, ProxyAddress
from wagate.engine.proxies.tunnel import Tunnel, Tunnels

__all__ = ["BadProxyUrl", "ProxyAddress", "Tunnel", "Tunnels"]
