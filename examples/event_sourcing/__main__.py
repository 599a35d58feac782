"""Take purchases as events behind one route, keep them for good, and read what each day came to."""

import pulumi
from serviceful.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, AppendToLog, Public, Route, RunExpress
from serviceful.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Fifo

shop = EventSourcedBatch("shop", EventSourcedBatchArgs(log=Fifo(), projections=["daily_sales"]))

anybody = Public("an example: nothing here is worth protecting")
sales = RunExpress(machine=shop.reads["daily_sales"], parameters=("key",))
routes = [
    Route("POST", "/events", AppendToLog(log=shop.log), anybody),
    Route("GET", "/sales/{key}", sales, anybody),
]
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=routes))

pulumi.export("url", api.url)
pulumi.export("replay", shop.replay.machine.arn)
