"""A media host over real TLS, with an authority of its own, that fails when a test says so."""

import base64
import hashlib
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wagate.wire.node import Node


@dataclass(slots=True)
class Host:
    """``files`` by path; ``uploads`` as they came; ``status`` and ``answer`` replace what it would say."""

    port: int = 0
    ca_pem: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    requests: int = 0
    status: int = 200
    answer: bytes | None = None
    location: str = ""

    @property
    def name(self) -> str:
        return f"localhost:{self.port}"

    def connection(self, *names: str, auth: str = "a+b/c=", ttl: str = "300") -> Node:
        """The answer to media_conn that names these hosts."""
        hosts = tuple(Node("host", {"hostname": name}) for name in (names or (self.name,)))
        return Node("iq", {"type": "result"}, (Node("media_conn", {"auth": auth, "ttl": ttl}, hosts),))

    async def handle(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        headers = {"Location": self.location} if self.location else {}
        if self.status != 200:
            return web.Response(status=self.status, headers=headers)
        if self.answer is not None:
            return web.Response(body=self.answer)
        if request.method == "POST":
            self.uploads.append((request.path, dict(request.query), body))
            name = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
            self.files[f"/v/{name}"] = body
            return web.json_response({"url": f"https://elsewhere.example/v/{name}", "direct_path": f"/v/{name}?ccb=1"})
        found = self.files.get(request.path)
        return web.Response(status=404) if found is None else web.Response(body=found)


@asynccontextmanager
async def media_host() -> AsyncIterator[Host]:
    host = Host()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", host.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    context, host.ca_pem = tls_identity()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    host.port = runner.addresses[0][1]
    try:
        yield host
    finally:
        await runner.cleanup()


def tls_identity() -> tuple[ssl.SSLContext, str]:
    """A server's identity for localhost, and the authority (PEM) to trust it by."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(secret + pem)
        context.load_cert_chain(path)
    return context, pem.decode()
