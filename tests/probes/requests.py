"""Requests made from the OpenAPI document: one that is good for each operation, and every place in it that can hold an
id. What can't be told from schemas stands in three tables here; a new route that needs an entry says so when it is
probed.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from wagate.cli.demo import picture
from wagate.core.ids import Id
from wagate.web.testing import Answer, AsgiClient

Json = dict[str, Any]
#: One step into a value: a member, an item, whatever member of a free object, or one of the forms that a schema allows.
Step = tuple[Literal["member"], str] | tuple[Literal["item", "free"]] | tuple[Literal["form"], int]

#: Every kind of id by its prefix.
KINDS: Final = {kind.prefix: kind for kind in Id.__subclasses__()}
_ID: Final = re.compile(r"\^?([a-z]{3})_\[")
_DEEPEST: Final = 8
#: Seconds after which a stream in this process has said what it had to say.
SILENCE: Final = 0.03

#: What a text is that is more than any text, by the name of its field.
TEXTS: Final[Mapping[str, str]] = {
    "to": "+491701234567",
    "phone": "+491701234567",
    "phoneNumber": "+491701234567",
    "number": "491701234567",
    "url": "http://127.0.0.1:9/hook",
    "mimetype": "text/plain",
    "after": "2026-01-01T00:00:00Z",
    "email": "somebody@example.org",
    "password": "correct horse battery staple",
    "currentPassword": "correct horse battery staple",
}
#: What a good body has beyond what its schema requires, by operation and by the form of the body.
BODIES: Final[Mapping[tuple[str, int], Json]] = {
    **{
        (operation, form): {"media": {"base64": "aGVsbG8=", "mimetype": "text/plain", "filename": "a.txt"}}
        for operation in ("send", "sendFromSession")
        for form in (2,)
    },
    **{
        (operation, 1): {"media": {"base64": base64.b64encode(picture()).decode()}}
        for operation in ("send", "sendFromSession")
    },
    # Whoever is no owner can be taken away again without asking who would be left.
    ("createUser", 0): {"role": "viewer"},
}
#: The kind of id that a parameter or member is of whose schema is any text.
TEXT_KINDS: Final[Mapping[str, str]] = {
    "message_id": "msg",
    "media_id": "med",
    "sessionId": "ses",
    "replyTo": "msg",
    "media.id": "med",
    "Last-Event-ID": "evt",
}
#: Parameters of paths that name nothing of an account, and a value of each: the simulated phones, the workers and the
#: keys of the key ring are those who run the gateway's.
NO_IDS: Final[Mapping[str, str]] = {
    "number": "491701234567",
    "device": "1",
    "worker_id": "worker-001",
    "secret_key_id": "0000",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an id can stand. ``kind`` is the prefix of ids that belong there, empty if the schema takes any text."""

    where: Literal["path", "query", "header", "body", "form"]
    name: str
    kind: str
    steps: tuple[Step, ...] = ()
    form: int = 0

    def __str__(self) -> str:
        return f"{self.where} {self.name}" + (f" (form {self.form})" if self.form else "")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, before it is written down."""

    method: str
    path: str
    names: Json = field(default_factory=dict)
    query: Json = field(default_factory=dict)
    headers: Json = field(default_factory=dict)
    body: Any = None
    as_form: bool = False

    async def send(self, client: AsgiClient) -> Answer:
        """The answer; of a stream what comes at once."""
        options = self.options()
        async with client.stream(self.method, self.address, **options) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return Answer(status=answer.status, headers=answer.headers, body=await answer.at_once(SILENCE))
            return Answer(status=answer.status, headers=answer.headers, body=b"".join([part async for part in answer]))

    @property
    def address(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: str(self.names[name[1]]), self.path)

    def options(self) -> Json:
        """The arguments of :meth:`AsgiClient.stream`."""
        made: Json = {"params": self.query, "headers": dict(self.headers)}
        if self.as_form:
            made["headers"]["content-type"] = "multipart/form-data; boundary=XX"
            made["body"] = _form(self.body)
        elif self.body is not None:
            made["json"] = self.body
        return made


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as the document has it."""

    document: Json
    method: str
    path: str
    entry: Json

    @property
    def name(self) -> str:
        return str(self.entry["operationId"])

    @property
    def scope(self) -> str | None:
        """What a key needs; ``None`` if it needs none."""
        if not self.entry["security"]:
            return None
        return next((scope for scopes in self.entry["security"][0].values() for scope in scopes), "any")

    @property
    def need(self) -> str:
        """Who may call it, in the words of `test_roles.py`."""
        schemes = {name for scheme in self.entry["security"] for name in scheme}
        if schemes == {"workerToken"}:
            return "fleet"
        if "scrapeToken" in schemes:
            return "scrape"
        return "platform" if self.platform_only else self.scope or "nothing"

    @property
    def platform_only(self) -> bool:
        refusals = self.entry["responses"].get("403", {}).get("content", {}).get("application/problem+json", {})
        return "platform_admin_only" in refusals.get("examples", {})

    def places(self) -> Iterator[Place]:
        """Every place in its requests where an id can stand."""
        for parameter in self._parameters():
            where, name, schema = parameter["in"], parameter["name"], parameter.get("schema", {})
            if name == "X-Request-Id" and self.path != "/api/me":
                # The same code answers it everywhere.
                continue
            for _, kind in _texts(self.document, schema):
                yield Place(where, name, kind or TEXT_KINDS.get(name, ""))
                break
        for content, schema in self._bodies():
            for number, form in enumerate(self._forms(schema)):
                for steps, kind in _texts(self.document, form):
                    name = _spelled(steps)
                    kind = kind or TEXT_KINDS.get(name.removeprefix("payload."), "")
                    yield Place("form" if "form" in content else "body", name, kind, steps, number)

    def forms(self) -> int:
        """How many forms its JSON may have; 0 if it takes none."""
        return max((len(self._forms(schema)) for content, schema in self._bodies() if "json" in content), default=0)

    def request(self, own: Mapping[str, str], form: int = 0, *, as_form: bool = False) -> Request:
        """A good request that names ``own`` things, by their prefixes.

        :raises LookupError: if it can't be told what a parameter of the path names.
        """
        names: Json = {}
        for parameter in self._parameters():
            if parameter["in"] == "path":
                names[parameter["name"]] = self._own(parameter, own)
        query = {"wait": 0} if any(parameter["name"] == "wait" for parameter in self._parameters()) else {}
        body = None
        for content, schema in self._bodies():
            if ("form" in content) is as_form or len(list(self._bodies())) == 1:
                chosen = self._forms(schema)[min(form, len(self._forms(schema)) - 1)]
                body = _example(self.document, chosen, own)
                if isinstance(body, dict) and "form" not in content:
                    body.update(BODIES.get((self.name, form), {}))
                as_form = "form" in content
        return Request(self.method, self.path, names, query, {}, body, as_form and body is not None)

    def put(self, request: Request, place: Place, value: str, own: Mapping[str, str]) -> Request:
        """The same request with ``value`` in ``place``."""
        if place.where == "path":
            return replace(request, names={**request.names, place.name: value})
        if place.where == "query":
            return replace(request, query={**request.query, place.name: value})
        if place.where == "header":
            return replace(request, headers={**request.headers, place.name: value})
        for content, schema in self._bodies():
            if ("form" in content) is (place.where == "form"):
                form = self._forms(schema)[place.form]
                return replace(request, body=_with(self.document, form, place.steps, value, request.body, own))
        raise AssertionError(place)

    def _own(self, parameter: Json, own: Mapping[str, str]) -> str:
        name = parameter["name"]
        if name in NO_IDS:
            return NO_IDS[name]
        kind = next((kind for _, kind in _texts(self.document, parameter["schema"]) if kind), TEXT_KINDS.get(name))
        if kind is None or kind not in own:
            raise LookupError(
                f"{self.method} {self.path}: say in TEXT_KINDS of tests/probes/requests.py what {{{name}}} names, "
                "or give its type in the route; and make one for the victim in tests/probes/tenants.py"
            )
        return own[kind]

    def _parameters(self) -> Iterator[Json]:
        for parameter in self.entry.get("parameters", ()):
            yield _resolved(self.document, parameter)

    def _bodies(self) -> Iterator[tuple[str, Json]]:
        for content, media in self.entry.get("requestBody", {}).get("content", {}).items():
            yield content, media["schema"]

    def _forms(self, schema: Json) -> list[Json]:
        schema = _resolved(self.document, schema)
        return [_resolved(self.document, form) for form in schema.get("anyOf", schema.get("oneOf", [schema]))]


def operations(document: Json) -> list[Operation]:
    """Every operation of a document."""
    return [
        Operation(document, method.upper(), path, entry)
        for path, item in document["paths"].items()
        for method, entry in item.items()
    ]


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _options(schema: Json) -> list[Json]:
    return list(schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ())


def _texts(document: Json, schema: Json, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Where texts stand that may be ids, and of which kind; none of those of a fixed form."""
    schema = _resolved(document, schema)
    if len(steps) > _DEEPEST or "const" in schema or "enum" in schema:
        return
    for number, option in enumerate(_options(schema)):
        yield from _texts(document, option, (*steps, ("form", number)))
    kind = schema.get("type")
    if kind == "string" and "format" not in schema:
        found = _ID.match(schema.get("pattern", ""))
        sample = f"ses_{'0' * 26}"
        if found or re.search(schema.get("pattern", ""), sample):
            yield steps, found[1] if found else ""
    elif kind == "array":
        yield from _texts(document, schema.get("items", {}), (*steps, ("item",)))
    elif kind == "object" or "properties" in schema:
        for name, part in schema.get("properties", {}).items():
            yield from _texts(document, part, (*steps, ("member", name)))
        free = schema.get("additionalProperties", "properties" not in schema)
        if free:
            yield from _texts(document, {} if free is True else free, (*steps, ("free",)))
    elif kind is None and not _options(schema):
        # Any JSON at all.
        yield steps, ""


def _example(document: Json, schema: Json, own: Mapping[str, str], name: str = "") -> Any:
    schema = _resolved(document, schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if _options(schema):
        return _example(document, _options(schema)[0], own, name)
    kind = schema.get("type")
    if kind == "string" or (kind is None and "properties" not in schema):
        found = _ID.match(schema.get("pattern", ""))
        if found:
            return own.get(found[1], f"{found[1]}_{'0' * 26}")
        if schema.get("format") == "date-time":
            return "2026-01-01T00:00:00Z"
        if name == "sessionId":
            return own["ses"]
        return TEXTS.get(name, "x" * max(4, schema.get("minLength", 0)))
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    if kind == "array":
        return [_example(document, schema["items"], own, name) for _ in range(schema.get("minItems", 0))]
    made = {
        member: _example(document, part, own, member)
        for member, part in schema.get("properties", {}).items()
        if member in schema.get("required", ())
    }
    if schema.get("minProperties", 0) > len(made):
        made["x"] = _example(document, schema["additionalProperties"], own)
    return made


def _with(
    document: Json, schema: Json, steps: tuple[Step, ...], value: str, base: Any, own: Mapping[str, str], name: str = ""
) -> Any:
    """``base`` with ``value`` at the end of ``steps``; what lies on the way is made as far as it is missing."""
    if not steps:
        return value
    schema = _resolved(document, schema)
    step, rest = steps[0], steps[1:]
    if step[0] == "form":
        # What was made of the first form does not fit the others.
        return _with(document, _options(schema)[step[1]], rest, value, None if step[1] else base, own, name)
    if step[0] == "item":
        return [_with(document, schema.get("items", {}), rest, value, None, own, name)]
    whole = base if isinstance(base, dict) else _example(document, schema, own, name)
    if step[0] == "free":
        free = schema.get("additionalProperties", {})
        return {**whole, "x": _with(document, {} if free is True else free, rest, value, None, own)}
    part = schema["properties"][step[1]]
    before = whole.get(step[1])
    if step[1] == "media":
        # Of its members exactly one says where the file is.
        before = None
    return {**whole, step[1]: _with(document, part, rest, value, before, own, step[1])}


def _spelled(steps: tuple[Step, ...]) -> str:
    parts = {"item": "[]", "free": "*"}
    return ".".join(step[1] if step[0] == "member" else parts[step[0]] for step in steps if step[0] != "form")


def _form(body: Json) -> bytes:
    written = b""
    for name, value in body.items():
        file = '; filename="a.txt"' if name == "file" else ""
        content = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        written += f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
    return written + b"--XX--\r\n"
