"""Protobuf messages. ``wa.proto`` is the source; ``wa_pb2`` is made from it by scripts/gen_proto.py.

Import as ``from wagate.wire.proto import wa_pb2 as wa``.
"""
