"""Step Functions: state machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.provider import asl
from local.provider.check import Failure
from local.provider.clients import Aws
from local.provider.errors import is_missing
from local.provider.resource import Props, Resource, given, present, tag_changes, tag_list, tag_map
from local.provider.services.trust import require_trust
from local.wire import UNKNOWN

_GONE = ("StateMachineDoesNotExist",)
_SETTINGS = {"loggingConfiguration", "tracingConfiguration"}


class StateMachine(Resource):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html"""

    token = "aws:sfn/stateMachine:StateMachine"  # noqa: S105 - a type token

    def check(self, inputs: Props) -> Iterator[Failure]:
        """The definition is one that AWS takes, and logs have somewhere to go."""
        if given(inputs, "definition", "type"):
            for problem in asl.problems(inputs["definition"], inputs["type"]):
                yield Failure("definition", problem)
        logging = inputs.get("loggingConfiguration")
        if not isinstance(logging, dict) or logging.get("logDestination"):
            return
        if logging.get("level") not in (None, "OFF", UNKNOWN):
            yield Failure("loggingConfiguration.logDestination", "a level other than OFF needs a log group's ARN")

    def create(self, aws: Aws, inputs: Props) -> str:
        """CreateStateMachine, if Step Functions may assume the role."""
        require_trust(aws, inputs["roleArn"], "states")
        made = aws.client("stepfunctions").create_state_machine(
            name=inputs["name"],
            definition=inputs["definition"],
            roleArn=inputs["roleArn"],
            type=inputs["type"],
            tags=tag_list(inputs.get("tags"), "key", "value"),
            **_parameters(inputs, _SETTINGS),
        )
        return made["stateMachineArn"]

    def read(self, aws: Aws, id_: str, state: Props) -> Props | None:
        """DescribeStateMachine and ListTagsForResource. A machine that is being deleted is gone."""
        found = _find(aws, id_)
        if found is None or found.get("status") == "DELETING":
            return None
        logging = found.get("loggingConfiguration") or {}
        destinations = logging.get("destinations") or [{}]
        return {
            "arn": found["stateMachineArn"],
            "name": found["name"],
            "type": found["type"],
            "definition": found["definition"],
            "roleArn": found["roleArn"],
            "loggingConfiguration": {
                "level": logging.get("level", "OFF"),
                "includeExecutionData": logging.get("includeExecutionData", False),
                **present(logDestination=destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn")),
            },
            "tracingConfiguration": {"enabled": (found.get("tracingConfiguration") or {}).get("enabled", False)},
            "publish": False,
            "status": found.get("status", "ACTIVE"),
            "creationDate": found["creationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "revisionId": found.get("revisionId", ""),
            "description": found.get("description", ""),
            "stateMachineVersionArn": "",
            "versionDescription": "",
            "tags": _tags(aws, id_),
        }

    def update(self, aws: Aws, id_: str, old: Props, new: Props, changed: set[str]) -> None:
        """UpdateStateMachine, TagResource and UntagResource."""
        client = aws.client("stepfunctions")
        if changed - {"tags"}:
            require_trust(aws, new["roleArn"], "states")
            client.update_state_machine(
                stateMachineArn=id_,
                definition=new["definition"],
                roleArn=new["roleArn"],
                **_parameters(new, changed & _SETTINGS),
            )
        if "tags" in changed:
            removed, added = tag_changes(old.get("tags"), new.get("tags"))
            if removed:
                client.untag_resource(resourceArn=id_, tagKeys=removed)
            if added:
                client.tag_resource(resourceArn=id_, tags=tag_list(added, "key", "value"))

    def delete(self, aws: Aws, id_: str, state: Props) -> None:
        """DeleteStateMachine, and wait until it is gone: executions that run are let to their end."""
        try:
            aws.client("stepfunctions").delete_state_machine(stateMachineArn=id_)
        except ClientError as error:
            if not is_missing(error, _GONE):
                raise
        aws.wait_until(lambda: _find(aws, id_) is None, f"the deletion of the state machine {id_}")


def _find(aws: Aws, arn: str) -> dict[str, Any] | None:
    try:
        return aws.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if is_missing(error, _GONE):
            return None
        raise


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    return tag_map(aws.client("stepfunctions").list_tags_for_resource(resourceArn=arn)["tags"], "key", "value")


def _parameters(inputs: Props, names: set[str]) -> Props:
    """Logging and tracing, as far as the program speaks of them."""
    logging, tracing = (inputs.get(name) if name in names else None for name in sorted(_SETTINGS))
    made: Props = {}
    if logging:
        made["loggingConfiguration"] = {
            "level": logging.get("level") or "OFF",
            "includeExecutionData": bool(logging.get("includeExecutionData")),
        }
        if logging.get("logDestination"):
            group = {"logGroupArn": logging["logDestination"]}
            made["loggingConfiguration"]["destinations"] = [{"cloudWatchLogsLogGroup": group}]
    if tracing:
        made["tracingConfiguration"] = {"enabled": bool(tracing.get("enabled"))}
    return made
