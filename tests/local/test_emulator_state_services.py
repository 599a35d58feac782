"""Tasks on the local AWS that read and write objects, keys, items and secrets by the SDK, under the machine's role."""

import base64
import json

import pytest

from tests.local.emulation import allow, unique
from tests.local.machines import task

pytestmark = pytest.mark.local


def test_objects_are_read_written_and_looked_at_each_with_its_own_grant(aws, machines, bucket):
    objects = f"arn:aws:s3:::{bucket}/*"
    aws("s3").put_object(Bucket=bucket, Key="in.json", Body=b'{"a": "\xc3\xa9"}', Metadata={"owner": "me"})
    put = {"Bucket": bucket, "Key": "out.json", "Body": {"b": 1}, "ContentType": "application/json"}
    states = {
        "get": task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "in.json"}),
        "head": task("aws-sdk:s3:headObject", {"Bucket": bucket, "Key": "in.json"}),
        "put": task("aws-sdk:s3:putObject", put),
    }
    read, write = allow(["s3:GetObject"], [objects]), allow(["s3:PutObject"], [objects])

    # An answer to HEAD has no body that could name its error.
    for name, grant, other, error in (
        ("get", read, write, "S3.AccessDeniedException"),
        ("head", read, write, "S3.S3Exception"),
        ("put", write, read, "S3.AccessDeniedException"),
    ):
        denied = machines.run({name: states[name]}, other)
        assert denied["error"] == error
        done = machines.run({name: states[name]}, grant)
        assert done["status"] == "SUCCEEDED", done
        states[name] = done["output"]

    assert json.loads(states["get"]["Body"]) == {"a": "é"}
    assert states["get"]["Metadata"] == {"owner": "me"}
    assert states["head"]["ContentLength"] == 11
    assert states["put"]["ETag"]
    written = aws("s3").get_object(Bucket=bucket, Key="out.json")
    assert (json.loads(written["Body"].read()), written["ContentType"]) == ({"b": 1}, "application/json")


def test_what_is_missing_has_the_name_that_the_sdk_gives_it(machines, bucket):
    everything = allow(["s3:GetObject", "s3:ListBucket"], [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"])
    get = task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "nothing"})

    assert machines.run({"Get": get}, everything)["error"] == "S3.NoSuchKeyException"


def test_a_transaction_needs_the_action_of_each_of_its_parts(aws, machines, table):
    name, arn = table
    key = {"id": {"S": unique("item")}}
    put = {"Put": {"TableName": name, "Item": key, "ConditionExpression": "attribute_not_exists(id)"}}
    check = {"ConditionCheck": {"TableName": name, "Key": {"id": {"S": "there"}}, "ConditionExpression": "flag = :t"}}
    check["ConditionCheck"]["ExpressionAttributeValues"] = {":t": {"Bool": True}}
    write = task("aws-sdk:dynamodb:transactWriteItems", {"TransactItems": [put, check]})

    denied = machines.run({"Write": write}, allow(["dynamodb:PutItem"], [arn]))
    both = allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], [arn])
    done, again = machines.run({"Write": write}, both), machines.run({"Write": write}, both)

    assert denied["error"] == "DynamoDb.DynamoDbException"
    assert done["status"] == "SUCCEEDED", done
    assert aws("dynamodb").get_item(TableName=name, Key=key)["Item"] == key
    assert again["error"] == "DynamoDb.TransactionCanceledException"


def test_a_mac_is_made_and_verified_with_the_key_of_an_alias(aws, machines):
    kms = aws("kms")
    key = kms.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"]
    alias = f"alias/{unique('link')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    parts = {"KeyId": alias, "Message": "{% $base64encode('approval-7') %}", "MacAlgorithm": "HMAC_SHA_256"}
    make = task("aws-sdk:kms:generateMac", parts, Next="Verify", Assign={"mac": "{% $states.result.Mac %}"})
    verify = task("aws-sdk:kms:verifyMac", {**parts, "Mac": "{% $mac %}"})
    forged = task("aws-sdk:kms:verifyMac", {**parts, "Message": "YXBwcm92YWw=", "Mac": "{% $states.input.Mac %}"})
    keys = "arn:aws:kms:us-east-1:000000000000:key/*"

    def grant(name, actions=("kms:GenerateMac", "kms:VerifyMac"), resource=keys):
        return allow(list(actions), [resource], Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": [name]}})

    done = machines.run({"Make": make, "Verify": verify}, grant(alias))
    refused = machines.run({"Make": {**make, "Next": "Forged"}, "Forged": forged}, grant(alias))

    assert done["output"]["MacValid"] is True, done
    mac = kms.generate_mac(KeyId=alias, Message=b"approval-7", MacAlgorithm="HMAC_SHA_256")["Mac"]
    made = machines.run({"Make": {**make, "Next": "End"}, "End": {"Type": "Succeed"}}, grant(alias))
    assert made["output"]["Mac"] == base64.b64encode(mac).decode()
    assert refused["error"] == "Kms.KmsInvalidMacException"
    for other in (grant("alias/another"), grant(alias, ["kms:VerifyMac"]), grant(alias, resource=f"{keys[:-1]}none")):
        assert machines.run({"Make": make, "Verify": verify}, other)["error"] == "Kms.KmsException"
    # A policy can't name the alias: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    by_alias = allow(["kms:GenerateMac", "kms:VerifyMac"], [f"arn:aws:kms:us-east-1:000000000000:{alias}"])
    assert machines.run({"Make": make, "Verify": verify}, by_alias)["error"] == "Kms.KmsException"
