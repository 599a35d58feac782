"""Take orders into a queue, with no function between, and leave everything else to the old shop."""

import pulumi
from serviceful.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, Monolith, Route, Scopes, SendToQueue
from serviceful.core.pattern import Pattern
from serviceful.core.queue import Queue

ORDER = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}


class Orders(Pattern):
    """Where orders wait; after five attempts they are dead letters."""

    def __init__(self, name: str) -> None:
        super().__init__("serviceful:index:Orders", name, physical_name=None, opts=None)
        self.queue = Queue(self, "new", visibility_s=60, attempts=5)
        self.queue.policy()
        self.publish()


orders = Orders("orders")
route = Route("POST", "/orders", SendToQueue(queue=orders.queue), Scopes("orders/write"), body=ORDER)
shop = ApiGatewayPattern("shop", ApiGatewayPatternArgs(routes=[route], monolith=Monolith("https://old.example.com")))

pulumi.export("url", shop.url)
