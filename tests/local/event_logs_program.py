"""An event log of each kind behind one API: what the tests of the deployed EventSourcedBatch use."""

import pulumi

from components.api_gateway import ApiGatewayPattern, ApiGatewayPatternArgs, AppendToLog, Public, Route, RunExpress
from components.event_sourcing import EventSourcedBatch, EventSourcedBatchArgs, Fifo, Kinesis

everybody = Public("a test")
kinds = {"kinesis": Kinesis(shards=2), "fifo": Fifo()}

# A rate begins at once, so that each log has closed a day as soon as it is there.
logs = {
    kind: EventSourcedBatch(kind, EventSourcedBatchArgs(log=log, closing="rate(1 day)", segments=2))
    for kind, log in kinds.items()
}
routes = []
for kind, log in logs.items():
    routes.append(Route("POST", f"/{kind}/events", AppendToLog(log=log.log), everybody))
    for projection, machine in log.reads.items():
        target = RunExpress(machine=machine, parameters=("key",))
        routes.append(Route("GET", f"/{kind}/{projection}/{{key}}", target, everybody))
api = ApiGatewayPattern("api", ApiGatewayPatternArgs(routes=routes))

pulumi.export("url", api.url)
pulumi.export(
    "logs",
    {
        kind: {
            "log": log.log.physical_name,
            "events": log.events.physical_name,
            "quarantine": log.quarantine.queue.url,
            "pointers": log.pointers.physical_name,
            "tables": {name: [side.physical_name for side in sides.both] for name, sides in log.tables.items()},
            "replay": log.replay.machine.arn,
            "bus": log.bus.bus.name,
            "closing": log.closing.schedule.name if log.closing else None,
            "projector": log.projector.physical_name,
        }
        for kind, log in logs.items()
    },
)
