"""The engine that is Baileys, in a Node program of its own at the other end of a unix socket."""

from wagate.engine.baileys.engine import BaileysEngine

__all__ = ["BaileysEngine"]
