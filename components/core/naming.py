"""Physical names, and the ARNs computed from them: both known before anything exists."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

Kind = Literal[
    "alarm",
    "api",
    "bucket",
    "bus",
    "connection",
    "dashboard",
    "edge-function",
    "function",
    "key-value-store",
    "guardrail",
    "key-alias",
    "log-group",
    "origin-access-control",
    "pipe",
    "queue",
    "role",
    "rule",
    "schedule",
    "secret",
    "state-machine",
    "stream",
    "table",
    "topic",
    "transcription-job",
    "user-pool",
    "user-pool-domain",
]

LONGEST: dict[Kind, int] = {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "alarm": 255,
    "api": 255,  # not unique, and no limit is documented
    "bucket": 63,  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "bus": 256,  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
    "connection": 64,  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    "dashboard": 255,
    "edge-function": 64,  # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html
    "function": 64,  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateKeyValueStore.html
    "key-value-store": 64,
    "guardrail": 50,  # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html
    "key-alias": 250,  # without alias/: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    "log-group": 512,  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html
    "origin-access-control": 64,
    "pipe": 64,  # https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_CreatePipe.html
    "queue": 80,  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    "role": 64,  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "rule": 64,  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    "schedule": 64,  # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
    "secret": 512,  # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    "state-machine": 80,  # https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    "stream": 128,  # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
    "table": 255,  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    "user-pool": 128,  # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html
    # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html
    "user-pool-domain": 63,
    # Without the run's name: https://docs.aws.amazon.com/transcribe/latest/APIReference/API_StartTranscriptionJob.html
    "transcription-job": 130,
    "topic": 256,  # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
}
"""Longest name of each kind, in characters."""

# Which of (region, account) a service's ARNs hold. Service Authorization Reference, "Resource types defined by …":
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_ARN_SCOPE = {"s3": (False, False), "iam": (False, True), "cloudfront": (False, True)}

_LEGAL = re.compile(r"[a-z0-9-]+")
_COMPONENT = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names and ARNs of one component's resources, in one account and region."""

    project: str
    stack: str
    account: str
    region: str
    partition: str = "aws"

    @classmethod
    def of(cls, component: pulumi.Resource) -> Names:
        """Ask the component's own provider where it deploys; invokes are answered at the first preview already."""
        where = pulumi.InvokeOptions(parent=component)
        return cls(
            project=pulumi.get_project(),
            stack=pulumi.get_stack(),
            account=aws.get_caller_identity(opts=where).account_id,
            region=aws.get_region(opts=where).region,
            partition=aws.get_partition(opts=where).partition,
        )

    def physical(self, kind: Kind, *parts: str, suffix: str = "") -> str:
        """`project-stack-parts…suffix`; buckets carry account and region, roles the region (IAM is global).

        A name that is too long is cut, and one with other characters than a-z, 0-9 and `-` is cleaned; either way a
        hash of the whole keeps it unique. `suffix` (`.fifo`) stays at the end.
        """
        scope = {"bucket": (self.account, self.region), "role": (self.region,)}.get(kind, ())
        whole = "-".join((self.project, self.stack, *parts, *scope))
        limit = LONGEST[kind] - len(suffix)
        if _LEGAL.fullmatch(whole) and len(whole) <= limit:
            return whole + suffix
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        clean = re.sub(r"[^a-z0-9-]+", "-", whole.lower()).strip("-")
        return f"{clean[: limit - 9].rstrip('-')}-{digest}{suffix}"

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """`arn:partition:service:region:account:resource`, without what the service's ARNs leave out.

        `region` is another one than the stack's.
        """
        in_region, in_account = _ARN_SCOPE.get(service, (True, True))
        region, account = (region or self.region) * in_region, self.account * in_account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


def check_component_name(what: str, name: str) -> None:
    """Refuse a name that can't begin the physical names of a component's parts."""
    if not _COMPONENT.fullmatch(name):
        raise ValueError(
            f"{what}({name!r}): a component's name is made of a-z, 0-9 and single hyphens, and begins with a letter"
        )
