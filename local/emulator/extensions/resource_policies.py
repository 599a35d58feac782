"""A service is let in by what AWS tells the resource policy about it, and that is recorded.

On AWS, S3 publishes to a topic as `s3.amazonaws.com` with `aws:SourceArn` and `aws:SourceAccount`; the topic must allow
that (https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html). The key
`AWS:SourceOwner` of the default topic policy is set by a few services, and S3 and SNS aren't among them
(https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner).
The stock server sets it for S3, so that a topic with its default policy lets every bucket of the account in: a missing
topic policy would show on AWS only.
"""

from __future__ import annotations

from dataclasses import dataclass

from ministack.core import iam_evaluator
from ministack.services import sns, sqs

from local.emulator import frame
from local.emulator.extensions import iam_decisions
from local.emulator.frame import Server

NAME = "resource_policies"


def install(server: Server) -> None:
    frame.require(NAME, iam_evaluator, "EvalContext")
    frame.require(NAME, iam_evaluator, "evaluate_resource_policy")
    source = "service source_arn source_account"
    frame.replace(NAME, sns, "topic_policy_allows", f"topic_arn {source}", lambda original: topic_allows)
    frame.replace(NAME, sqs, "queue_policy_allows", f"queue_arn {source}", lambda original: queue_allows)


def topic_allows(topic_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Whether the topic's policy lets `service` publish in the name of `source_arn`."""
    call = Call("sns:Publish", topic_arn, service, source_arn, source_account)
    return call.allowed_by(sns.topic_policy_for_arn(topic_arn))


def queue_allows(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Whether the queue's policy lets `service` send in the name of `source_arn`."""
    call = Call("sqs:SendMessage", queue_arn, service, source_arn, source_account)
    return call.allowed_by(sqs.queue_policy_for_arn(queue_arn))


@dataclass(frozen=True)
class Call:
    """What a service does in the name of a resource."""

    action: str
    resource: str
    service: str
    source_arn: str
    source_account: str

    def allowed_by(self, policy: tuple[str, str] | None) -> bool:
        """Whether the resource's policy allows the call; nothing else could."""
        context = iam_evaluator.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action=self.action,
            resource_arn=self.resource,
            region=self.resource.split(":")[3],
            secure_transport=True,  # services talk to each other over TLS
            service_context={
                "aws:sourcearn": self.source_arn,
                "aws:sourceaccount": self.source_account,
                "aws:principalisawsservice": "true",
                "aws:principalservicename": self.service,
            },
        )
        document = policy[0] if policy else None
        result = iam_evaluator.evaluate_resource_policy(document, context, service=self.service)
        allowed = result.decision == "Allow"
        reason = "" if allowed else result.reason
        keys = context.service_context
        iam_decisions.record(self.service, self.action, self.resource, allowed, reason=reason, keys=keys)
        return allowed
