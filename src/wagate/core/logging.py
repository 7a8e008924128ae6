"""Log lines: a constant message and fields.

``request_id`` and ``session_id`` are bound once (:func:`bound`) and appear on every line below; a message keeps its
request's id, so that whoever sends it elsewhere, later, logs it too. Fields whose name says
they are secret are masked, and so is every phone number in any string: a forgotten mask at a call site must not reach
the disk. That is a net, not a licence: message texts and plaintexts are never passed to a logger at all.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MASK = "***"
_SECRET_NAMES = frozenset(
    {
        "authorization",
        "body",
        "cookie",
        "key",
        "password",
        "plaintext",
        "private",
        "qr",
        "secret",
        "signature",
        "text",
        "token",
    }
)
#: As long as phone numbers get (E.164: 15 digits; 8 is the shortest that is anyone's), standing alone.
_PHONE = re.compile(r"(?<![0-9A-Za-z_.-])(\+?\d{2})\d{4,11}(\d{2})(?![0-9A-Za-z_.])")
_API_KEY = re.compile(r"\b(wag|whsec)_[A-Za-z0-9+/=]{8,}")
#: The token of a log-in (a JWT): JSON begins with a brace and a quote.
_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry ``component=name``."""
    return cast(FilteringBoundLogger, structlog.get_logger(component=name))


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields to every line logged in this context and the tasks started in it."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def bind(**fields: object) -> None:
    """As :func:`bound`, for the rest of a task that this is called in."""
    structlog.contextvars.bind_contextvars(**fields)


def bound_values() -> Mapping[str, Any]:
    """The fields that :func:`bound` added in this context."""
    return structlog.contextvars.get_contextvars()


def configure_logging(level: str, fmt: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers (``fmt`` is ``console`` or ``json``), once per process.

    Lines go to ``stream``, standard error unless told otherwise.
    """
    out = sys.stderr if stream is None else stream
    threshold = _LEVELS[level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if fmt == "json"
        # Tracebacks were made text, and masked, before they come here.
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), sort_keys=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:1], structlog.stdlib.add_logger_name, *shared[1:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)


def mask_secrets(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """The structlog processor that hides secrets by field name, and phone numbers, keys and tokens in any string."""
    for name, value in event_dict.items():
        event_dict[name] = _masked(name, value)
    return event_dict


def _masked(name: str, value: Any) -> Any:
    if _names_a_secret(name) and value is not None and not isinstance(value, bool):
        return _MASK
    if isinstance(value, str):
        return _TOKEN.sub(_MASK, _API_KEY.sub(_without_key, _PHONE.sub(_without_digits, value)))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {key: _masked(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(name, item) for item in value]
    return value


# Functions, since a template would be expanded anew for every string of every line.
def _without_digits(phone: re.Match[str]) -> str:
    return f"{phone[1]}{_MASK}{phone[2]}"


def _without_key(key: re.Match[str]) -> str:
    return f"{key[1]}_{_MASK}"


@lru_cache(maxsize=1024)
def _names_a_secret(name: str) -> bool:
    # By the last word of the name: `api_key` and `adminPassword` are, `key_id` and `text_length` are not.
    words = re.findall(r"[A-Za-z][a-z]*", name)
    return bool(words) and words[-1].lower().rstrip("s") in _SECRET_NAMES
