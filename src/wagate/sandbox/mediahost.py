"""The media host: HTTPS with a certificate authority of its own, uploads by POST and downloads by GET."""

import ssl
import tempfile
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wagate.core.clock import Clock
from wagate.sandbox.media import MAX_FILE_BYTES, MediaRefused

if TYPE_CHECKING:
    from wagate.sandbox.world import World

_NAME = "localhost"
_BEFORE = timedelta(days=1)
_VALID = timedelta(days=365)


class MediaHost:
    """Serves :class:`~wagate.sandbox.media.MediaShelf` over HTTPS."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._runner: web.AppRunner | None = None
        #: What a client has to trust, in PEM.
        self.ca_pem = ""
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Make certificates and listen; ``port`` 0 takes a free one."""
        self.ca_pem, context = _certificates(self._world.clock)
        app = web.Application(client_max_size=MAX_FILE_BYTES)
        app.router.add_post("/mms/{kind}/{token}", self._upload)
        app.router.add_get("/v/{kind}/{name}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, ssl_context=context).start()
        self.port = int(self._runner.addresses[0][1])
        self._world.media.hostname = f"{_NAME}:{self.port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _upload(self, request: web.Request) -> web.Response:
        if request.query.get("auth") != self._world.media.auth:
            return web.json_response({"error": {"code": 401}}, status=401)
        body = await request.read()
        try:
            shelved = self._world.media.put(request.match_info["kind"], body, request.match_info["token"])
        except MediaRefused as error:
            self._world.complain(f"upload: {error}")
            return web.json_response({"error": {"code": 400, "message": str(error)}}, status=400)
        return web.json_response({"url": shelved.url, "direct_path": shelved.direct_path})

    async def _download(self, request: web.Request) -> web.Response:
        body = self._world.media.get(request.path)
        if body is None:
            return web.Response(status=404)
        wanted = request.http_range
        if wanted.start is not None or wanted.stop is not None:
            part = body[wanted]
            return web.Response(status=206, body=part, content_type="application/octet-stream")
        return web.Response(body=body, content_type="application/octet-stream")


def _certificates(clock: Clock) -> tuple[str, ssl.SSLContext]:
    """An authority that exists only now, and a context with a certificate of it for this machine."""
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wagate sandbox")])
    start, end = clock.now() - _BEFORE, clock.now() + _VALID

    def builder(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )

    authority = (
        builder(authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    host_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    names = [x509.DNSName(_NAME), x509.IPAddress(IPv4Address("127.0.0.1"))]
    host = (
        builder(host_name, host_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The ssl module reads keys from files only; this one is gone again at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "host.pem"
        private = host_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + host.public_bytes(Encoding.PEM))
        context.load_cert_chain(path)
    return authority.public_bytes(Encoding.PEM).decode(), context


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
