"""What the stock server does otherwise than AWS: each extension is still needed.

A test that fails here after an upgrade of MiniStack means that its extension can go.
"""

import json
import subprocess
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from local.emulator import envs, manager
from local.settings import Settings
from tests.local.conftest import client_factory, free_port
from tests.local.emulation import TRUST_ROOT, Workbench, allow, document, unique
from tests.local.test_emulator_partiql import event_table, fastest_transaction, fill

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("stock")]


@pytest.fixture(scope="module")
def stock(tmp_path_factory, eventually):
    """MiniStack with IAM enforced and without our extensions."""
    settings = Settings(
        home=tmp_path_factory.mktemp("stock"), port=free_port(), cache=Settings.from_environment().cache
    )
    manager.data_path(settings).mkdir()
    command = [envs.server_python(settings.cache), "-m", "ministack.app"]
    with (settings.home / "aws.log").open("w") as log:
        process = subprocess.Popen(command, env=manager.environment(settings), stdout=log, stderr=log)

    def answers():
        try:
            return urllib.request.urlopen(f"{settings.endpoint}/_ministack/health", timeout=1).close() is None
        except OSError:
            return False

    try:
        eventually(answers)
        yield settings
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def aws(stock):
    return client_factory(stock)


@pytest.fixture(scope="module")
def bench(aws):
    return Workbench(aws)


@pytest.fixture
def as_allowed(aws, bench):
    def client(service, *statements):
        role = bench.role(*statements, trust=TRUST_ROOT)
        keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
        credentials = {ours: keys[theirs] for ours, theirs in names.items()}
        return aws(service, aws_session_token=keys["SessionToken"], **credentials)

    return client


@pytest.fixture
def bucket(aws):
    name = unique("bucket")
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("path", ["health", "decisions"])
def test_health_and_decisions_are_not_there(stock, path):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{stock.endpoint}/_serviceful/{path}")


def test_secure_transport_a_tls_only_bucket_refuses_every_role(aws, as_allowed, bucket):
    objects = f"arn:aws:s3:::{bucket}/*"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": objects}
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document({**deny, **insecure}))

    with pytest.raises(ClientError, match="AccessDenied"):
        as_allowed("s3", allow(["s3:PutObject"], [objects])).put_object(Bucket=bucket, Key="x")


def test_lambda_runtime_an_error_loses_its_type_and_the_servers_packages_are_there(bench):
    source = """
    import hypercorn
    def handler(event, context): raise KeyError(event)
    """
    error = bench.invoke(bench.function(source, bench.role()), "x")["failed"]

    assert error == {"errorMessage": "'x'", "errorType": "Runtime.HandlerError"}


def test_lambda_admission_any_role_and_variable_is_taken(bench):
    assert bench.function("x = 1", bench.role(trust={"Service": "ec2.amazonaws.com"}), {"AWS_REGION": "x" * 5000})


def test_partiql_actions_a_statement_needs_an_action_that_iam_lacks(as_allowed):
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ExecuteStatement"):
        as_allowed("dynamodb", allow(["dynamodb:PartiQLSelect"], ["*"])).execute_statement(Statement="SELECT * FROM x")


def test_partiql_transactions_copy_the_whole_table(aws):
    table = event_table(aws)
    empty = fastest_transaction(aws, table)
    fill(aws, table)
    assert fastest_transaction(aws, table) > 5 * empty


def test_function_logs_are_written_without_any_right(bench):
    function = bench.function("def handler(event, context): print('logged')", bench.role())
    bench.invoke(function)

    assert "logged" in bench.log_lines(f"/aws/lambda/{function}")


def test_iam_actions_a_batch_needs_an_action_that_iam_lacks(as_allowed, bench):
    url, arn = bench.queue()

    with pytest.raises(ClientError, match="sqs:SendMessageBatch"):
        as_allowed("sqs", allow(["sqs:SendMessage"], [arn])).send_message_batch(
            QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]
        )


def test_iam_actions_a_conditional_write_needs_no_right_to_read(aws, as_allowed, bucket):
    etag = aws("s3").put_object(Bucket=bucket, Key="x", Body=b"1")["ETag"]

    as_allowed("s3", allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/*"])).put_object(
        Bucket=bucket, Key="x", Body=b"2", IfMatch=etag
    )


def test_s3_missing_objects_are_told_to_everybody(as_allowed, bucket):
    with pytest.raises(ClientError, match="NoSuchKey"):
        as_allowed("s3", allow(["s3:GetObject"], [f"arn:aws:s3:::{bucket}/*"])).get_object(Bucket=bucket, Key="x")


def test_resource_policies_the_default_topic_policy_lets_every_bucket_in(aws, bucket):
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    wanted = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}

    aws("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)


def test_sns_filters_do_not_look_into_arrays(aws, bench):
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    url, queue = bench.queue()
    send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document({**send, "Resource": queue})})
    attributes = {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps({"Records": {"size": [7]}})}
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)

    aws("sns").publish(TopicArn=topic, Message=json.dumps({"Records": [{"size": 7}]}))

    assert "Messages" not in aws("sqs").receive_message(QueueUrl=url)


def test_sqs_event_source_a_mapping_reads_without_any_right(aws, bench, eventually):
    url, arn = bench.queue()
    function = bench.function("def handler(event, context): print('read')", bench.role(), Timeout=3)
    aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    aws("sqs").send_message(QueueUrl=url, MessageBody="x")

    eventually(lambda: "read" in bench.log_lines(f"/aws/lambda/{function}"))


def test_apigateway_updates_a_slash_in_a_key_is_not_read(aws):
    gateway = aws("apigateway")
    api = gateway.create_rest_api(name=unique("api"))
    named = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**named, authorizationType="NONE")
    gateway.put_integration(**named, type="MOCK", requestTemplates={"text/plain": "1"})

    gateway.update_integration(**named, patchOperations=[{"op": "remove", "path": "/requestTemplates/text~1plain"}])

    assert gateway.get_integration(**named)["requestTemplates"] == {"text/plain": "1"}


def test_key_value_stores_have_arns_made_of_names_and_take_any_length(aws):
    name = unique("store")
    arn = aws("cloudfront").create_key_value_store(Name=name)["KeyValueStore"]["ARN"]
    client = aws("cloudfront-keyvaluestore")
    version = client.describe_key_value_store(KvsARN=arn)["ETag"]

    client.put_key(KvsARN=arn, IfMatch=version, Key="key", Value="v" * 2000)

    assert arn.endswith(f"key-value-store/{name}")


def test_key_value_stores_are_judged_on_nothing(aws, as_allowed):
    arn = aws("cloudfront").create_key_value_store(Name=unique("store"))["KeyValueStore"]["ARN"]
    client = as_allowed("cloudfront-keyvaluestore", allow(["cloudfront-keyvaluestore:ListKeys"], [arn]))

    with pytest.raises(client.exceptions.AccessDeniedException):
        client.list_keys(KvsARN=arn)


def test_edge_functions_know_no_module_of_cloudfront(stock):
    code = "import cf from 'cloudfront'; function handler() { return {}; }"
    source = (
        "from ministack.core import cloudfront_js as js\n"
        f"try: js.evaluate({code.encode()!r}, {{}})\n"
        "except js.CloudFrontFunctionError as error: print(error)\n"
    )
    command = [envs.server_python(stock.cache), "-c", source]
    printed = subprocess.run(command, env=manager.environment(stock), capture_output=True, text=True, check=True).stdout

    assert "require('cloudfront') is not supported" in printed or "Cannot use import statement" in printed


def test_empty_secrets_have_a_version_without_a_value(aws):
    made = aws("secretsmanager").create_secret(Name=unique("empty"))
    assert "SecretString" not in aws("secretsmanager").get_secret_value(SecretId=made["ARN"])
