"""Make docs/reference/{errors,settings,http}.md from the error classes, the settings and the OpenAPI document.

``--check`` only says whether they are what it would make.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import SecretStr

from wagate.core.clock import SystemClock
from wagate.core.settings import DEFAULT_MAX_MEDIA_BYTES, Settings
from wagate.gateway.compose import gateway_app
from wagate.gateway.document import describe
from wagate.gateway.pages import error_classes
from wagate.runtime import Runtime

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
_HEAD = "<!-- Made by scripts/gen_docs.py. -->\n"

#: Answers that any route may give; said once instead of at each.
_EVERYWHERE = {"400", "401", "403", "404", "413", "415", "429", "500", "503"}

Json = dict[str, Any]


class Unopened:
    """A service of which only the routes are wanted."""

    max_bytes = DEFAULT_MAX_MEDIA_BYTES

    def __getattr__(self, _name: str) -> "Unopened":
        return self


class UnopenedRuntime(Unopened):
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    clock = SystemClock()
    auxiliaries: ClassVar[dict[str, Any]] = {}


def specification() -> Json:
    """The OpenAPI document of all routes, those of the sandbox included."""
    return describe(gateway_app(cast(Runtime, UnopenedRuntime()), sandbox=cast(Any, Unopened())), public_url="")


# -- errors.md


def errors() -> Iterator[str]:
    """The page of every code."""
    yield _HEAD
    yield "# Errors\n"
    yield "Every error is `application/problem+json` (RFC 9457): `{type,title,status,code,detail,errors?,requestId}`."
    yield "Decide by `code`; it is stable. `detail` is for people. 429 and 503 carry `Retry-After`.\n"
    yield "| status | code | means |"
    yield "|---|---|---|"
    for error in error_classes():
        yield f"| {error.status} | `{error.code}` | {_cell(error.title())} |"


# -- settings.md


def settings() -> Iterator[str]:
    """The page of every setting."""
    yield _HEAD
    yield "# Settings\n"
    yield "Environment variables, or lines of a `.env` file in the folder where wagate is started.\n"
    yield "| variable | default | means |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        yield f"| `WAGATE_{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return f"`{value}`" if value not in ("", ()) else ""


# -- http.md


def http(spec: Json) -> Iterator[str]:
    """The page of every route."""
    yield _HEAD
    yield "# HTTP\n"
    yield "A running gateway shows the same at `/docs`, with a form to try each; OpenAPI 3.1 is at `/openapi.json`.\n"
    yield spec["info"]["description"] + "\n"
    yield "Besides what stands at a route, any of them may answer " + _listed(_common_codes(spec)) + ".\n"
    for tag in spec["tags"]:
        routes = [entry for entry in _routes(spec) if entry[2]["tags"][0] == tag["name"]]
        if routes:
            yield f"## {tag['name'].capitalize()}\n"
            yield f"{tag['description']}\n"
            for path, method, operation in routes:
                yield from _route(spec, path, method, operation)


def _routes(spec: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _route(spec: Json, path: str, method: str, operation: Json) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield f"{_paragraph(operation.get('description', operation['summary']))}\n"
    yield f"{_needs(operation)} · `{operation['operationId']}`\n"
    parameters = [_resolved(spec, parameter) for parameter in operation.get("parameters", [])]
    own = [parameter for parameter in parameters if parameter["name"] != "X-Request-Id"]
    fields = [_parameter(spec, parameter) for parameter in own]
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        fields += _body(spec, kind, media["schema"])
    if fields:
        yield "| field | in | type | means |"
        yield "|---|---|---|---|"
        yield from fields
        yield ""
    for status, response in operation["responses"].items():
        yield from _answer(status, response)
    yield ""


def _needs(operation: Json) -> str:
    if not operation["security"]:
        return "No key"
    first = operation["security"][0]
    if "workerToken" in first:
        return "The worker token"
    scopes = first["bearerAuth"]
    return f"Scope `{scopes[0]}`" if scopes else "Any key"


def _parameter(spec: Json, parameter: Json) -> str:
    mark = " *" if parameter.get("required") else ""
    kind = _type(spec, parameter.get("schema", {}))
    return f"| `{parameter['name']}`{mark} | {parameter['in']} | {kind} | {_cell(parameter.get('description', ''))} |"


def _body(spec: Json, kind: str, schema: Json) -> Iterator[str]:
    """A row for each field; those that only some of the variants have say which."""
    where = "body" if kind == "application/json" else kind
    variants = list(_variants(spec, schema))
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, variant in variants:
        for field, described in variant.get("properties", {}).items():
            # What tells the variants apart is required though it may have a default.
            mark = " *" if field in variant.get("required", []) or (name and field == "type") else ""
            kinds = "which of them" if name and field == "type" else _type(spec, described)
            row = (f"`{field}`{mark}", kinds, _cell(described.get("description", "")))
            rows.setdefault(row, []).append(name)
    for (field, kinds, text), names in rows.items():
        place = where if len(names) == len(variants) else f"{where} of {_listed(names)}"
        yield f"| {field} | {place} | {kinds} | {text} |"


def _variants(spec: Json, schema: Json) -> Iterator[tuple[str, Json]]:
    """The object that a body is, or each that it may be, with the `type` that tells it from the others."""
    found = _resolved(spec, schema)
    options = found.get("oneOf") or found.get("anyOf")
    if not options:
        yield str(found.get("properties", {}).get("type", {}).get("const", "")), found
        return
    for option in options:
        yield from _variants(spec, option)


def _answer(status: str, response: Json) -> Iterator[str]:
    content = response.get("content", {})
    codes = content.get("application/problem+json", {}).get("examples", {})
    if status in _EVERYWHERE:
        codes = {code: value for code, value in codes.items() if code not in _COMMON}
        if not codes:
            return
    if codes:
        yield f"- {status}: {_listed(sorted(codes))}"
        return
    shapes = [_name(media.get("schema", {})) or kind for kind, media in content.items()]
    text = response["description"] if response["description"] != "Successful Response" else ""
    parts = [part for part in (_listed(shapes), _cell(text)) if part]
    yield f"- {status}" + (f": {' — '.join(parts)}" if parts else "")


_COMMON = {
    "validation_failed",
    "malformed_body",
    "credential_missing",
    "credential_ambiguous",
    "unauthorized",
    "forbidden",
    "platform_admin_only",
    "not_found",
    "too_large",
    "unsupported_media_type",
    "rate_limited",
    "internal_error",
    "storage_unavailable",
    "storage_outcome_unknown",
}


def _common_codes(spec: Json) -> list[str]:
    said = {
        code
        for _, _, operation in _routes(spec)
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    return sorted(said & _COMMON)


def _type(spec: Json, schema: Json) -> str:
    return _cell(" or ".join(_types(spec, schema)))


def _types(spec: Json, schema: Json) -> list[str]:
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return list(dict.fromkeys(kind for option in options for kind in _types(spec, option)))
    if "$ref" in schema:
        found = _resolved(spec, schema)
        return _types(spec, found) if "enum" in found or "const" in found else [_name(schema)]
    if "const" in schema:
        return [f"`{json.dumps(schema['const'])}`"]
    if "enum" in schema:
        return [f"`{value}`" for value in schema["enum"]]
    if schema.get("type") == "array":
        return [f"[{' or '.join(_types(spec, schema.get('items', {})))}]"]
    kind = schema.get("type", "any")
    return [f"{kind}, {schema['format']}" if "format" in schema else str(kind)]


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _resolved(spec: Json, thing: Json) -> Json:
    while "$ref" in thing:
        found: Any = spec
        for part in thing["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        thing = found
    return thing


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _paragraph(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# -- all pages


def pages() -> dict[str, str]:
    """Every page's text by the name of its file."""
    return {
        "errors.md": "\n".join(errors()) + "\n",
        "settings.md": "\n".join(settings()) + "\n",
        "http.md": "\n".join(http(specification())).rstrip() + "\n",
    }


def stale() -> list[str]:
    """The names of pages that are not what would be made now."""
    return [name for name, text in pages().items() if _read(REFERENCE / name) != text]


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        names = stale()
        for name in names:
            print(f"docs/reference/{name} is stale: run scripts/gen_docs.py")
        return 1 if names else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
