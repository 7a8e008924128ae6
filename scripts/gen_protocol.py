"""Write bridge/src/protocol.gen.ts from engine/protocol.py. ``--check`` only says whether it is up to date."""

import argparse
import inspect
import sys
import types
import typing
from pathlib import Path

import msgspec

from wagate.engine import protocol

TARGET = Path(__file__).resolve().parent.parent / "bridge" / "src" / "protocol.gen.ts"
_HEAD = "// Made by scripts/gen_protocol.py from src/wagate/engine/protocol.py; edit that and run the script.\n"
_SCALARS = {int: "number", float: "number", str: "string", bool: "boolean", bytes: "Uint8Array", type(None): "null"}


def _ts(annotation: object) -> str:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation.__name__
    if annotation in _SCALARS:
        return _SCALARS[typing.cast(type, annotation)]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(_ts(a) for a in arguments)
    if origin is list:
        inner = _ts(arguments[0])
        return f"Array<{inner}>" if "|" in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{_ts(arguments[0])}, {_ts(arguments[1])}>"
    raise TypeError(f"no TypeScript for {annotation!r}")


def _doc(struct: type) -> list[str]:
    text = inspect.cleandoc(struct.__doc__ or "").splitlines()
    if len(text) == 1:
        return [f"/** {text[0]} */"]
    return ["/**", *(f" * {line}".rstrip() for line in text), " */"]


def _struct(struct: type[msgspec.Struct]) -> list[str]:
    hints = typing.get_type_hints(struct, vars(protocol))
    fields = [(f.encode_name, _ts(hints[f.name])) for f in msgspec.structs.fields(struct)]
    config = struct.__struct_config__
    if config.array_like:
        inner = ", ".join(f"{name}: {kind}" for name, kind in fields)
        return [*_doc(struct), f"export type {struct.__name__} = [{inner}]", ""]
    lines = [*_doc(struct), f"export interface {struct.__name__} {{", f"  t: '{config.tag}'"]
    return [*lines, *(f"  {name}: {kind}" for name, kind in fields), "}", ""]


def generate() -> str:
    """The whole file."""
    lines = [
        _HEAD,
        f"export const VERSION = {protocol.VERSION}",
        f"export const MAX_FRAME = {protocol.MAX_FRAME}",
        "",
    ]
    for value in vars(protocol).values():
        is_struct = isinstance(value, type) and issubclass(value, msgspec.Struct)
        if is_struct and value.__module__ == protocol.__name__ and not value.__name__.startswith("_"):
            lines += _struct(value)
    for name in ("ToBridge", "FromBridge"):
        members = [member.__name__ for member in typing.get_args(getattr(protocol, name))]
        lines.append(f"export type {name} =\n  | " + "\n  | ".join(members))
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    wanted = generate()
    current = TARGET.read_text() if TARGET.exists() else ""
    if parser.parse_args().check:
        if current != wanted:
            print(f"stale: {TARGET.name}; run scripts/gen_protocol.py", file=sys.stderr)
        return int(current != wanted)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
