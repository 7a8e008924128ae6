"""The bases of what goes in and out as JSON."""

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError

#: Kinds of value that JSON has no form of, so that strictness would refuse every spelling of them.
_WRITTEN_AS_STRINGS = frozenset(
    {"datetime", "date", "time", "timedelta", "enum", "uuid", "decimal", "bytes", "url", "multi-host-url"}
    | {"set", "frozenset", "tuple"}
)


class ApiModel(BaseModel):
    """A body in camelCase. Fields may be given by their Python names when it is built in code."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        ser_json_bytes="base64",
        allow_inf_nan=False,
    )


def _allow_strings(schema: Any, handler: GetCoreSchemaHandler) -> None:
    # FastAPI hands over parsed JSON, for which strict mode would want real datetimes and enum members.
    if isinstance(schema, dict):
        # Of a body with a field named "type", the entry of that name is the field's own schema.
        kind = schema.get("type")
        if kind == "definition-ref":
            schema = handler.resolve_ref_schema(cast(CoreSchema, schema))
            kind = schema.get("type")
            if kind not in _WRITTEN_AS_STRINGS:
                return
        if isinstance(kind, str) and kind in _WRITTEN_AS_STRINGS and "strict" not in schema:
            schema["strict"] = False
        for part in list(schema.values()):
            _allow_strings(part, handler)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _allow_strings(part, handler)


class ApiRequest(ApiModel):
    """A body that a customer sends: unknown fields are refused, and ``"3"`` is not a number, nor ``1`` a truth."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_by_name=False, hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _allow_strings(schema, handler)
        return schema


def _only_text(value: object) -> object:
    # Pydantic would also take bare dates and seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value.upper()):
        return value
    raise PydanticCustomError("timestamp", "Input should be an RFC 3339 time such as 2026-01-31T12:00:00Z")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Within hours of the first or last moment that there is.
        raise PydanticCustomError("timestamp", "Input should be a time between the years 1 and 9999 in UTC") from None


#: A moment: RFC 3339 with an offset on the way in, UTC on the way out.
Timestamp = Annotated[
    AwareDatetime,
    BeforeValidator(_only_text, json_schema_input_type=datetime),
    AfterValidator(_in_utc),
]
