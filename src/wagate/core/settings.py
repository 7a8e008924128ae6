"""Every setting, read once at start from ``WAGATE_*`` variables or a ``.env`` file and passed down from there."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wagate.core.rate import Rate

#: Written as ``100/minute``.
RateSetting = Annotated[
    Rate, NoDecode, BeforeValidator(lambda value: Rate.parse(value) if isinstance(value, str) else value)
]
EngineName = Literal["baileys", "native"]
Registration = Literal["open", "closed"]

#: Meta documents 100 MB for documents, the largest thing WhatsApp carries; base64 in JSON adds a third.
DEFAULT_MAX_MEDIA_BYTES = 100 * 1024 * 1024


#: As long as a random password of 128 bits in base 36.
MIN_TOKEN_LENGTH = 24


class Settings(BaseSettings):
    """What an operator can set. docs/reference/settings.md is made from this class."""

    model_config = SettingsConfigDict(env_prefix="WAGATE_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("wagate-data"), description="Folder of the database, media and key files.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the data folder.")
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis that carries wake-ups and short-lived values between processes: `redis://…`, `rediss://…` "
        "or `unix://…`; empty means that there is one process.",
    )
    s3_endpoint: str = Field(
        "",
        description="Address of an S3-compatible store that keeps media instead of the data folder: `https://…`. "
        "Buckets are addressed by path.",
    )
    s3_region: str = Field("us-east-1", description="Region of the store; most that are not Amazon's ignore it.")
    s3_access_key_id: str = Field("", description="Access key of the store.")
    s3_secret_access_key: SecretStr = Field(SecretStr(""), description="Secret key of the store.")
    s3_media_bucket: str = Field("whatsapp-media", min_length=3, description="Bucket of media; it must exist.")
    s3_sessions_bucket: str = Field(
        "whatsapp-sessions", min_length=3, description="Bucket of encrypted session backups; it must exist."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    engine: EngineName | None = Field(
        None,
        description="What speaks WhatsApp's protocol for new sessions: `baileys` or `native`. Unless set, Baileys with "
        "WhatsApp and the native engine with a sandbox.",
    )
    whatsapp_version: str = Field(
        "",
        pattern=r"^(\d+\.\d+\.\d+)?$",
        description="Version of WhatsApp Web that the native engine says it is; empty means the one it was made with.",
    )
    worker_token: SecretStr = Field(
        SecretStr(""),
        description="What gateways and workers know each other by; for `wagate gateway` and `wagate worker`. At least "
        f"{MIN_TOKEN_LENGTH} characters.",
    )
    gateway_url: str = Field("", description="Where a worker reaches the gateways: one address that leads to any.")
    worker_id: str = Field(
        "",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,49})?$",
        description="Name of a worker, which its id begins with; empty means a random one.",
    )
    worker_endpoint: str = Field(
        "", description="Where gateways reach this worker; empty means the address that it listens on."
    )
    max_sessions: int = Field(1000, gt=0, description="How many sessions a worker hosts at most.")
    public_url: str = Field("", description="How customers reach this gateway; used in media links.")
    sandbox_url: str = Field("", description="Link to the sandbox at this address instead of to WhatsApp.")
    secret_keys: SecretStr = Field(
        SecretStr(""),
        description="Key ring for encryption at rest, newest first: `id:base64,…`. "
        "Empty means one made at first start in `<data-dir>/secret-keys` (0600).",
    )
    admin_email: str = Field("", description="Address of the first admin; empty means admin@wagate.local.")
    admin_password: SecretStr = Field(SecretStr(""), description="Password of the first admin; empty: random.")
    admin_key: SecretStr = Field(SecretStr(""), description="API key of the first admin; empty: random.")
    registration: Registration = Field(
        "closed",
        description="Whether strangers may make an account with `POST /api/register`: `open` or `closed`. Those who "
        "run the gateway may change it while it runs.",
    )
    allow_private_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Comma-separated networks that webhooks and media URLs may reach though private."
    )
    max_media_bytes: int = Field(DEFAULT_MAX_MEDIA_BYTES, gt=0, description="Largest file taken or sent.")
    idempotency_hours: int = Field(24, gt=0, description="How long an idempotency key is remembered.")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Comma-separated networks of proxies in front, whose `X-Forwarded-For` is believed."
    )
    rate_limit_ip: RateSetting = Field(
        Rate(0), description="Requests of one client's address to this gateway, as `6000/minute`; 0 means no limit."
    )
    rate_limit_key: RateSetting = Field(Rate(0), description="Requests with one API key.")
    rate_limit_user: RateSetting = Field(Rate(0), description="Requests of one user, with whichever key.")
    rate_limit_account: RateSetting = Field(Rate(0), description="Requests of one account.")
    rate_limit_session: RateSetting = Field(Rate(0), description="Requests to send from one session.")
    rate_limit_login: RateSetting = Field(
        Rate(20), description="Attempts to log in or register from one address, whether they succeed or not."
    )
    rate_limit_failures: RateSetting = Field(
        Rate(120), description="Bad credentials from one address; those beyond are answered 429 in place of 401."
    )
    first_contacts_per_day: int = Field(
        0,
        ge=0,
        description="Most people that one number may write to for the first time on one day; 0 means no bound. A link "
        "begins with 20 a day, and half more each day. A plan may say otherwise.",
    )
    wire_log: str = Field(
        "",
        description="Folder for a log of what goes over the wire, with everything secret masked; empty means none. "
        "Made with mode 0700; a file of at most 16 MiB and one old one a session.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="What Prometheus sends to `/metrics` as its bearer token; empty: only keys of platform admins.",
    )
    otel_endpoint: str = Field(
        "",
        description="OTLP/HTTP address that traces are sent to, such as `http://localhost:4318`; needs the extra "
        "`otel`. Empty: the standard `OTEL_EXPORTER_OTLP_ENDPOINT`; without either nothing is traced.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log line.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")

    @field_validator("allow_private_networks", "trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value
