"""History needs the world of messages, which it fills."""

from tests.messages.conftest import both, world

__all__ = ["both", "world"]
