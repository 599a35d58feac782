"""CloudFront Functions and the key value store that is associated with them."""

import json

import pytest
import requests
from botocore.exceptions import ClientError

from local.emulator import envs
from local.emulator.edge.runtime import EdgeFunctionError, EdgeRuntime, Store
from tests.local.emulation import TRUST_ROOT, allow, unique

pytestmark = pytest.mark.local

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""CloudFront's managed policy CachingDisabled."""
ANSWER = """import cf from 'cloudfront';
const kvs = cf.kvs();
async function handler(event) {
  var answer = {};
  %s
  return { statusCode: 200, body: JSON.stringify(answer) };
}
"""


@pytest.fixture
def store(aws):
    """A store: its ARN."""
    return aws("cloudfront").create_key_value_store(Name=unique("store"))["KeyValueStore"]["ARN"]


@pytest.fixture
def put(aws):
    """`put(store, key=value)`: write and return the new ETag."""

    def putting(store, **items):
        client = aws("cloudfront-keyvaluestore")
        version = client.describe_key_value_store(KvsARN=store)["ETag"]
        puts = [{"Key": key, "Value": value} for key, value in items.items()]
        return client.update_keys(KvsARN=store, IfMatch=version, Puts=puts)["ETag"]

    return putting


@pytest.fixture
def call(aws, local_aws):
    """`call(code, store)`: a distribution with the function; returns what a request to it gets."""

    def distributed(code, store=None, runtime="cloudfront-js-2.0"):
        config = {"Comment": "", "Runtime": runtime}
        if store:
            config["KeyValueStoreAssociations"] = {"Quantity": 1, "Items": [{"KeyValueStoreARN": store}]}
        made = aws("cloudfront").create_function(Name=unique("edge"), FunctionConfig=config, FunctionCode=code.encode())
        name = made["FunctionSummary"]["Name"]
        arn = aws("cloudfront").publish_function(Name=name, IfMatch=made["ETag"])["FunctionSummary"][
            "FunctionMetadata"
        ]["FunctionARN"]
        origin = {"Id": "o", "DomainName": "x.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behavior = {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": DISABLED,
            "FunctionAssociations": {
                "Quantity": 1,
                "Items": [{"EventType": "viewer-request", "FunctionARN": arn}],
            },
        }
        made = aws("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": unique("cdn"),
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": behavior,
            }
        )["Distribution"]
        host = {"Host": f"{made['DomainName'].partition('.')[0]}.cloudfront.localhost:{local_aws.port}"}
        return lambda **more: requests.get(local_aws.endpoint + "/", headers=host, timeout=20, **more)

    return distributed


@pytest.fixture(scope="module")
def edge(local_aws):
    with EdgeRuntime(envs.node(local_aws.cache)) as runtime:
        yield runtime


def test_a_function_reads_its_store(store, put, call):
    put(store, text="hello", number="[1]")
    reads = """
      answer.text = await kvs.get('text');
      answer.json = await kvs.get('number', { format: 'json' });
      answer.bytes = (await kvs.get('text', { format: 'bytes' })).toString('hex');
      answer.there = [await kvs.exists('text'), await kvs.exists('nowhere')];
      answer.count = (await kvs.meta()).keyCount;
      try { await kvs.get('nowhere'); } catch (error) { answer.missing = true; }
    """

    answer = call(ANSWER % reads, store)()

    expected = {"text": "hello", "json": [1], "bytes": "68656c6c6f", "there": [True, False], "count": 2}
    assert answer.json() == {**expected, "missing": True}


def test_the_next_request_sees_an_update(store, put, call):
    put(store, mode="queue")
    ask = call(ANSWER % "answer.mode = await kvs.get('mode');", store)
    before = ask().json()["mode"]
    put(store, mode="open")

    assert (before, ask().json()["mode"]) == ("queue", "open")


def test_another_store_is_out_of_reach(aws, store, put, call):
    other = aws("cloudfront").create_key_value_store(Name=unique("store"))["KeyValueStore"]
    put(other["ARN"], secret="x")

    assert call(ANSWER % "answer.there = await kvs.exists('secret');", store)().json() == {"there": False}
    assert call(ANSWER % f"cf.kvs('{other['Id']}');", store)().status_code == 503
    assert call(ANSWER % "")().status_code == 503  # none is associated


@pytest.mark.parametrize(
    "code",
    [
        "async function handler(event) { return event.request; }",
        "import cf from 'cloudfront'; function handler(event) { return event.request; }",
    ],
    ids=["async", "import"],
)
def test_the_older_runtime_has_no_await_and_no_import(call, code):
    assert call(code, runtime="cloudfront-js-1.0")().status_code == 503


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("function handler() { return eval('1'); }", "Code generation from strings disallowed"),
        ("function handler() { undeclared = 1; }", "undeclared is not defined"),
        ("function handler() { return process.env; }", "process is not defined"),
        ("function handler() { return require('fs'); }", "no module named fs"),
        ("function handler() { setTimeout(handler, 1); }", "setTimeout is not defined"),
        ("function handler() { while (true); }", "did not end within"),
        ("var handle = 1;", "no function named handler"),
    ],
)
def test_what_the_edge_does_not_have(edge, code, said):
    with pytest.raises(EdgeFunctionError, match=said):
        edge.run(code, {})
    assert edge.run("function handler() { return 1; }", {}) == 1


def test_a_query_comes_as_it_stands(call):
    code = """function handler(event) {
      return { statusCode: 200, body: JSON.stringify(event.request.querystring) };
    }"""

    answer = call(code)(params="a=%2Fx%3Fy%3D1&b=1&b=%20&c").json()
    twice = {"value": "1", "multiValue": [{"value": "1"}, {"value": "%20"}]}
    assert answer == {"a": {"value": "%2Fx%3Fy%3D1"}, "b": twice, "c": {"value": ""}}


def test_time_stands_still_during_a_run(edge):
    code = """function handler() {
      var start = Date.now();
      for (var i = 0; i < 1e6; i++) {}
      return [start, Date.now(), new Date().getTime(), new Date(0).getTime()];
    }"""

    assert edge.run(code, {}, now_ms=1234567890123) == [1234567890123, 1234567890123, 1234567890123, 0]


def test_an_event_is_what_the_function_gets_and_nothing_is_kept_of_it(edge):
    code = "function handler(event) { event.seen = (event.seen || 0) + 1; return event; }"
    event = {"request": {"uri": "/"}}

    assert edge.run(code, event) == edge.run(code, event) == {"request": {"uri": "/"}, "seen": 1}
    assert event == {"request": {"uri": "/"}}


def test_twenty_thousand_calls_take_seconds(edge):
    code = ANSWER % "answer.mode = await kvs.get('mode');"
    store = Store(items={"mode": "queue"})

    for _ in range(20_000):
        answer = edge.run(code, {}, store=store)
    assert json.loads(answer["body"]) == {"mode": "queue"}


def test_an_arn_ends_with_an_id_made_by_aws(aws):
    client = aws("cloudfront")
    made = client.create_key_value_store(Name=unique("store"))
    again = client.describe_key_value_store(Name=made["KeyValueStore"]["Name"])

    assert made["KeyValueStore"]["ARN"].endswith(f":key-value-store/{made['KeyValueStore']['Id']}")
    assert (again["KeyValueStore"], again["ETag"]) == (made["KeyValueStore"], made["ETag"])
    assert made["KeyValueStore"]["Name"] not in made["KeyValueStore"]["ARN"]


@pytest.mark.parametrize(
    ("puts", "code"),
    [
        ([("k" * 513, "v")], "ValidationException"),
        ([("k", "v" * 1025)], "ValidationException"),
        ([("k", "あ" * 342)], "ValidationException"),
        ([(f"k{number}", "v") for number in range(51)], "ValidationException"),
    ],
    ids=["key", "value", "bytes of a value", "number of keys"],
)
def test_what_is_too_large_is_refused(aws, store, puts, code):
    client = aws("cloudfront-keyvaluestore")
    version = client.describe_key_value_store(KvsARN=store)["ETag"]
    rows = [{"Key": key, "Value": value} for key, value in puts]

    with pytest.raises(ClientError) as refused:
        client.update_keys(KvsARN=store, IfMatch=version, Puts=rows)
    assert refused.value.response["Error"]["Code"] == code
    if len(rows) == 1:
        with pytest.raises(ClientError) as refused:
            client.put_key(KvsARN=store, IfMatch=version, Key=puts[0][0], Value=puts[0][1])
        assert refused.value.response["Error"]["Code"] == code
    assert client.describe_key_value_store(KvsARN=store)["ItemCount"] == 0


def test_a_store_holds_five_megabytes(aws, store):
    client, number = aws("cloudfront-keyvaluestore"), 0
    version = client.describe_key_value_store(KvsARN=store)["ETag"]

    with pytest.raises(ClientError) as refused:
        while True:
            rows = [{"Key": f"{number + one:06}", "Value": "v" * 1024} for one in range(50)]
            version = client.update_keys(KvsARN=store, IfMatch=version, Puts=rows)["ETag"]
            number += 50
    assert refused.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    assert number * 1030 <= 5 * 1024 * 1024 < (number + 50) * 1030


def test_a_version_that_is_not_the_newest_changes_nothing(aws, store, put):
    client = aws("cloudfront-keyvaluestore")
    old = client.describe_key_value_store(KvsARN=store)["ETag"]
    put(store, key="1")

    with pytest.raises(client.exceptions.ConflictException):
        client.put_key(KvsARN=store, IfMatch=old, Key="key", Value="2")
    assert client.get_key(KvsARN=store, Key="key")["Value"] == "1"


def test_each_call_is_judged_on_the_store(aws, as_role, bench, store, put):
    version = put(store, key="1")
    role = bench.role(trust=TRUST_ROOT)
    client = as_role(role)("cloudfront-keyvaluestore")
    calls = {
        "DescribeKeyValueStore": lambda: client.describe_key_value_store(KvsARN=store),
        "ListKeys": lambda: client.list_keys(KvsARN=store),
        "GetKey": lambda: client.get_key(KvsARN=store, Key="key"),
        "UpdateKeys": lambda: client.update_keys(KvsARN=store, IfMatch=version, Puts=[{"Key": "k", "Value": "v"}]),
    }

    def allowed(resource):
        found = set()
        for action in calls:
            bench.grant(role, allow([f"cloudfront-keyvaluestore:{action}"], [resource]))
            for other, attempt in calls.items():
                try:
                    attempt()
                    found.add((action, other))
                except client.exceptions.AccessDeniedException:
                    continue
        return found

    assert allowed(f"{store}x") == set()
    assert allowed(store) == {(action, action) for action in calls}


def test_a_function_of_lambda_finds_the_host_that_begins_with_the_account(bench):
    source = """
        import os, socket
        from urllib.parse import urlsplit

        def handler(event, context):
            host = urlsplit(os.environ["AWS_ENDPOINT_URL"]).hostname
            return [socket.getaddrinfo(f"{event}.{host}", 80)[0][4][0], socket.getaddrinfo(host, 80)[0][4][0]]
    """
    name = bench.function(source, bench.role())

    assert bench.invoke(name, "000000000000") == ["127.0.0.1", "127.0.0.1"]
