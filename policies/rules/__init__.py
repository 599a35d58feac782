"""All rules, by family."""

from ..framework.rule import Rule
from . import (
    acceptance,
    actions,
    alarms,
    append_only,
    buckets,
    conditions,
    encryption,
    exceptions,
    identity,
    ledger,
    logs,
    loops,
    machines,
    queues,
    resource_policies,
    roles,
    routes,
    sources,
    streams,
    tags,
    tokens,
    transport,
    trust,
)

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "Identity policies": (identity.no_wildcard_action, identity.no_wildcard_resource, identity.one_document),
    "Every policy": (
        actions.action_exists,
        actions.action_fits_resource,
        conditions.condition_exists,
        conditions.condition_holds,
    ),
    "Roles": (roles.trust_one_service, trust.trust_conditions, roles.one_principal_one_role),
    "Resource policies": (
        resource_policies.no_wildcard_action,
        resource_policies.no_public_principal,
        resource_policies.confused_deputy,
        sources.known_source,
        sources.known_account,
        resource_policies.policy_apart,
    ),
    "The ledger": (
        ledger.ledger_grants,
        ledger.ledger_trust,
        ledger.ledger_statements,
        acceptance.ledger_acceptances,
    ),
    "Encryption": (transport.tls_only, encryption.encryption_at_rest),
    "Buckets": (buckets.public_access_block, buckets.no_acls, loops.no_notification_loop),
    "Queues": (
        queues.visibility_timeout,
        queues.dead_letters,
        queues.dead_letter_queue_guarded,
        queues.dead_letter_queue_retention,
        alarms.dead_letter_queue_alarm,
        queues.partial_batches,
    ),
    "Streams and logs of events": (streams.stream_failures, append_only.append_only_log),
    "State machines": (machines.machine_role, tokens.task_tokens),
    "Routes": (routes.auth_on_every_route,),
    "Logs": (logs.log_retention, logs.function_log_group, logs.api_access_logs, logs.machine_logs),
    "Tags": (tags.tags,),
    "Exceptions": (exceptions.exceptions, exceptions.exceptions_live),
}

RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES.values() for rule in family)
