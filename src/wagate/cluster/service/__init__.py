"""The fleet at work."""
