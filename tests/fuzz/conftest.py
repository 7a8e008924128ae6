"""Links under the fuzzer are those of the native engine."""

from tests.engine.native.conftest import lab

__all__ = ["lab"]
