"""The key ring as those who run the gateway handle it: rotating it beside the traffic, and retiring keys.

Reading and sealing with it stand in `core.seal`, where it comes from in `storage`.
"""
