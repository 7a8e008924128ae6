"""The laboratory of the engine contract, for what is true of one engine only."""

from tests.contracts.engine.conftest import lab

__all__ = ["lab"]
