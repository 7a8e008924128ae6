"""The faults, by what they befall."""

from tests.chaos.faults import clocks, gateways, keys, network, objects, postgres, redis, restarts, whatsapp, workers
from tests.chaos.ground import Fault

FAULTS: tuple[Fault, ...] = (
    *gateways.FAULTS,
    *workers.FAULTS,
    *postgres.FAULTS,
    *redis.FAULTS,
    *objects.FAULTS,
    *network.FAULTS,
    *clocks.FAULTS,
    *keys.FAULTS,
    *restarts.FAULTS,
    *whatsapp.FAULTS,
)
