"""What webhooks do.

==============  ==================================================================================================
endpoints       customers' requests: endpoints, secrets, deliveries, replay
dispatcher      the running part: ties the others together
fanout          from the log to deliveries, with a cursor
outlets         one endpoint's state while it runs: lanes in memory, how many attempts at once, when to rest
sending         one attempt: sign and POST
ledger          what became of attempts, stored many at a time
secrets         sealed secrets and headers
==============  ==================================================================================================
"""

from wagate.webhooks.service.dispatcher import Dispatcher
from wagate.webhooks.service.endpoints import Webhooks

__all__ = ["Dispatcher", "Webhooks"]
