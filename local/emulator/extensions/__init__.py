"""What the local AWS does nearer to AWS than stock MiniStack, one module each.

A module says what AWS does (with the page), what the stock server does, and has `NAME` and `install(server)`.
"""

from local.emulator.extensions import (
    function_logs,
    health,
    iam_actions,
    iam_decisions,
    lambda_admission,
    lambda_runtime,
    partiql_actions,
    resource_policies,
    s3_missing_objects,
    secure_transport,
    sns_filters,
    sqs_event_source,
)

EXTENSIONS = [
    health,
    secure_transport,
    iam_actions,
    partiql_actions,
    iam_decisions,
    resource_policies,
    s3_missing_objects,
    lambda_admission,
    lambda_runtime,
    function_logs,
    sns_filters,
    sqs_event_source,
]
