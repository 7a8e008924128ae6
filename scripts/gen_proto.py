"""Make wire/proto/wa_pb2.py and .pyi from wa.proto. ``--check`` only says whether they are what it would make."""

import argparse
import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

PROTO = Path(__file__).resolve().parent.parent / "src" / "wagate" / "wire" / "proto"
GENERATED = ("wa_pb2.py", "wa_pb2.pyi")


def generate(target: Path) -> None:
    """Compile ``wa.proto`` into ``target``.

    :raises RuntimeError: if the compiler refuses the file (it has printed why).
    """
    includes = resources.files("grpc_tools") / "_proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{includes}", f"--python_out={target}", f"--pyi_out={target}", "wa.proto"]
    if protoc.main(arguments) != 0:
        raise RuntimeError("protoc refused wa.proto")


def stale() -> list[str]:
    """The names of generated files that differ from what ``wa.proto`` makes now."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        return [n for n in GENERATED if _read(PROTO / n) != _read(Path(scratch) / n)]


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        differing = stale()
        if differing:
            print(f"stale: {', '.join(differing)}; run scripts/gen_proto.py", file=sys.stderr)
        return 1 if differing else 0
    generate(PROTO)
    return 0


if __name__ == "__main__":
    sys.exit(main())
