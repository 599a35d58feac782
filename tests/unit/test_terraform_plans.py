"""Recorded resources as a Terraform plan, for the benchmark that runs another tool beside the pack."""

from __future__ import annotations

import json
from typing import Any

from bench._terraform import MAPS, blocks, plan
from local.provider.schema import Property, load
from policies.framework.resources import Resource
from tests.policies.builders import UNKNOWN, record


def planned(*records: dict[str, Any]) -> dict[str, Any]:
    return plan(blocks(Resource.of(each) for each in records))


def values(made: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = [each for each in made["planned_values"]["root_module"]["resources"] if each["address"] == address]
    return found["values"]


def expressions(made: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = [each for each in made["configuration"]["root_module"]["resources"] if each["address"] == address]
    return found["expressions"]


def test_types_and_properties_have_terraforms_words() -> None:
    made = planned(
        record("aws:sqs/queue:Queue", "jobs", {"name": "jobs", "sqsManagedSseEnabled": True}),
        record("aws:apigateway/restApi:RestApi", "api", {"name": "api"}),
        record("aws:apigateway/stage:Stage", "prod", {"restApi": "a1b2", "stageName": "prod"}),
        record("aws:lambda/function:Function", "worker", {"name": "worker", "memorySize": 128}),
        record("aws:s3/bucketV2:BucketV2", "old", {"bucket": "old"}),
    )
    assert values(made, "aws_sqs_queue.jobs") == {"name": "jobs", "sqs_managed_sse_enabled": True}
    assert values(made, "aws_api_gateway_stage.prod") == {"rest_api_id": "a1b2", "stage_name": "prod"}
    assert values(made, "aws_lambda_function.worker") == {"function_name": "worker", "memory_size": 128}
    assert values(made, "aws_s3_bucket.old") == {"bucket": "old"}


def test_blocks_are_lists_and_maps_are_not() -> None:
    made = planned(
        record(
            "aws:lambda/function:Function",
            "worker",
            {"environment": {"variables": {"someKey": "1"}}, "tracingConfig": {"mode": "Active"}, "tags": {"a": "b"}},
        ),
        record("aws:dynamodb/table:Table", "orders", {"globalSecondaryIndexes": [{"hashKey": "id"}]}),
    )
    assert values(made, "aws_lambda_function.worker") == {
        "environment": [{"variables": {"someKey": "1"}}],
        "tracing_config": [{"mode": "Active"}],
        "tags": {"a": "b"},
    }
    assert values(made, "aws_dynamodb_table.orders") == {"global_secondary_index": [{"hash_key": "id"}]}


def test_every_map_that_the_provider_knows_is_one_in_the_plan() -> None:
    def maps(properties: dict[str, Property]) -> set[str]:
        own = {name for name, each in properties.items() if each.kind in ("map", "tags")}
        return own.union(*(maps(each.properties) for each in properties.values()))

    assert set[str]().union(*(maps(facts.inputs) for facts in load().values())) <= MAPS


def test_a_document_is_text() -> None:
    document = {"Version": "2012-10-17", "Statement": []}
    made = planned(record("aws:iam/rolePolicy:RolePolicy", "worker", {"policy": document}))
    assert json.loads(values(made, "aws_iam_role_policy.worker")["policy"]) == document


def test_what_is_known_after_the_update_is_said_to_be() -> None:
    made = planned(record("aws:sqs/queue:Queue", "jobs", {"name": "jobs", "kmsMasterKeyId": UNKNOWN}))
    (change,) = made["resource_changes"]
    assert change["change"]["after"] == {"name": "jobs"}
    assert change["change"]["after_unknown"] == {"kms_master_key_id": True}


def test_a_resource_refers_to_what_it_is_made_of_and_to_what_it_names() -> None:
    bucket = record("aws:s3/bucket:Bucket", "uploads", {"bucket": "uploads"})
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    references = {"bucket": {"references": ["aws_s3_bucket.uploads.id", "aws_s3_bucket.uploads"]}}

    wired = record(block, "block", {"bucket": UNKNOWN}, {"bucket": "aws:s3/bucket:Bucket uploads"})
    assert expressions(planned(bucket, wired), "aws_s3_bucket_public_access_block.block") == references
    named = record(block, "block", {"bucket": "uploads"})
    assert expressions(planned(bucket, named), "aws_s3_bucket_public_access_block.block") == references
    assert expressions(planned(bucket, named), "aws_s3_bucket.uploads") == {}


def test_components_have_no_counterpart() -> None:
    assert blocks([Resource.of(record("serviceful:index:FanOutConverter", "posters", {}))]) == []
