"""Keeping and serving files (library.py), and WhatsApp's media hosts (hosts.py)."""

from wagate.media.service.hosts import MediaHosts
from wagate.media.service.library import Library

__all__ = ["Library", "MediaHosts"]
