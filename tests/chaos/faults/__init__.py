"""The faults, by what they befall."""

from tests.chaos.faults import (
    claims,
    clocks,
    copies,
    gateways,
    keys,
    network,
    objects,
    postgres,
    redis,
    restarts,
    whatsapp,
    workers,
)
from tests.chaos.ground import Fault

FAULTS: tuple[Fault, ...] = (
    *gateways.FAULTS,
    *workers.FAULTS,
    *claims.FAULTS,
    *postgres.FAULTS,
    *redis.FAULTS,
    *objects.FAULTS,
    *network.FAULTS,
    *clocks.FAULTS,
    *copies.FAULTS,
    *keys.FAULTS,
    *restarts.FAULTS,
    *whatsapp.FAULTS,
)
