"""Kills at named points and at random; what must hold is checked from the sandbox's and the receiver's records."""
