"""Where the reception's routes lead."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.function import Function
from ..core.naming import Names
from ..core.queue import Queue
from ..core.rest_api.integration import Answer, Integration, failure

# The marks of JSON are encoded already; the values come from the edge, which has checked the ticket.
_BEACON = (
    "Action=SendMessage&MessageBody=%7B%22room%22%3A%22$util.urlEncode($input.params('room'))%22"
    "%2C%22a%22%3A%22$util.urlEncode($input.params('a'))%22"
    "%2C%22n%22%3A%22$util.urlEncode($input.params('n'))%22%7D"
)
_NOTHING = "#set($taken = true)"


@dataclass(frozen=True, kw_only=True)
class CountArrival:
    """Put a beacon's room and query into a queue, and answer 204: an image that shows nothing, for any browser."""

    queue: Queue

    def integration(self, names: Names) -> Integration:
        """SQS's Query protocol, by the queue's path.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
        """
        return Integration(
            type="AWS",
            uri=(
                f"arn:{names.partition}:apigateway:{names.region}:sqs:path/{names.account}/{self.queue.physical_name}"
            ),
            permissions=(self.queue.send(),),
            request=_BEACON,
            parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
            answers=(Answer(status=204, template=_NOTHING), failure()),
        )


@dataclass(frozen=True, kw_only=True)
class AskFunction:
    """Let a function answer, with a status, headers and cookies of its own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """

    function: Function

    def integration(self, names: Names) -> Integration:
        """Under the route's role, so the function needs no resource policy."""
        return Integration(
            type="AWS_PROXY",
            uri=(
                f"arn:{names.partition}:apigateway:{names.region}:lambda:path/2015-03-31/functions/"
                f"{self.function.arn}/invocations"
            ),
            permissions=(self.function.invoke(),),
        )
