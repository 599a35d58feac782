"""State machines for contract tests: made with a role of their own, and run to their end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.local.emulation import Workbench, unique

TRUST_STATES = {"Service": "states.amazonaws.com"}
Grants = dict[str, Any]


def task(resource: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """A state that calls a service: optimized (`sqs:sendMessage`) or by the SDK (`aws-sdk:s3:getObject`)."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        **({} if "Next" in more else {"End": True}),
        **more,
    }


class Machines:
    """Makes and runs machines whose expressions are JSONata."""

    def __init__(self, aws: Callable[..., Any], bench: Workbench, eventually: Callable[..., Any]) -> None:
        self._aws = aws
        self._bench = bench
        self._eventually = eventually

    def make(self, states: dict[str, Any], *grants: Grants, kind: str = "STANDARD", **top: Any) -> str:
        """The ARN of a machine that starts at its first state."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **top}
        made = self._aws("stepfunctions").create_state_machine(
            name=unique("machine"),
            definition=json.dumps(definition),
            roleArn=self._bench.role(*grants, trust=TRUST_STATES),
            type=kind,
        )
        return made["stateMachineArn"]

    def start(self, arn: str, given: Any = None) -> str:
        """The ARN of a new execution."""
        text = json.dumps({} if given is None else given)
        return self._aws("stepfunctions").start_execution(stateMachineArn=arn, input=text)["executionArn"]

    def end(self, execution: str, seconds: float = 20) -> dict[str, Any]:
        """How the execution ended, with its output decoded."""

        def ended() -> dict[str, Any] | None:
            found = self._aws("stepfunctions").describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found = self._eventually(ended, seconds)
        return {**found, "output": json.loads(found.get("output") or "null")}

    def run(self, states: dict[str, Any], *grants: Grants, given: Any = None, **top: Any) -> dict[str, Any]:
        """Make a machine and run it once."""
        return self.end(self.start(self.make(states, *grants, **top), given))
