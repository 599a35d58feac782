"""Functions on the local AWS run as under Lambda's Python runtime."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import allow, logs, unique

pytestmark = pytest.mark.local

PROBE = """
import os, subprocess, sys, time

print("imported")

class OutOfStock(Exception):
    pass

def handler(event, context):
    match event:
        case {"raise": message}:
            raise OutOfStock(message)
        case {"exit": status}:
            os._exit(status)
        case {"sleep": seconds}:
            print("going to sleep")
            subprocess.run(["sleep", str(seconds)])
        case {"print": text}:
            sys.stdout.write(text)
        case {"child": text}:
            subprocess.run(["sh", "-c", f"echo {text} from a child >&2"])
        case {"import": module}:
            return __import__(module).__name__
        case {"return": "set"}:
            return {1}
    return {
        "variables": dict(os.environ), "pid": os.getpid(), "stream": context.log_stream_name,
        "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb,
    }
"""


@pytest.fixture(scope="module")
def group(aws):
    name = unique("/functions")
    aws("logs").create_log_group(logGroupName=name)
    return name


@pytest.fixture(scope="module")
def probe(bench, group):
    role = bench.role(logs(group))
    return bench.function(PROBE, role, {"COLOUR": "blue"}, LoggingConfig={"LogGroup": group}, Timeout=3)


def test_a_function_sees_lambdas_variables_its_own_and_nothing_of_the_server(bench, probe):
    variables = bench.invoke(probe)["variables"]

    assert variables["COLOUR"] == "blue"
    assert variables["_HANDLER"] == "main.handler"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert variables["TZ"] == ":UTC"
    assert set(variables) <= {
        *("_HANDLER", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT", "TZ", "LANG", "PATH"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_XRAY_CONTEXT_MISSING", "PYTHONPATH"),
        *("AWS_ENDPOINT_URL", "AWS_DISABLE_HOST_PREFIX_INJECTION", "HOME", "COLOUR"),
        *("LC_CTYPE", "__CF_USER_TEXT_ENCODING"),  # Python and macOS set these themselves
    }


@pytest.mark.parametrize("module", ["boto3", "json"])
def test_the_sdk_is_there(bench, probe, module):
    assert bench.invoke(probe, {"import": module}) == module


@pytest.mark.parametrize("module", ["ministack", "hypercorn", "yaml", "requests", "local"])
def test_a_package_of_the_server_that_the_bundle_lacks_is_missing(bench, probe, module):
    assert bench.invoke(probe, {"import": module})["failed"]["errorType"] == "ModuleNotFoundError"


def test_an_error_comes_back_with_its_type_and_stack_trace(bench, probe):
    error = bench.invoke(probe, {"raise": "no more posters"})["failed"]

    assert (error["errorType"], error["errorMessage"]) == ("OutOfStock", "no more posters")
    assert len(error["stackTrace"]) == 1
    assert "raise OutOfStock(message)" in error["stackTrace"][0]


def test_an_error_keeps_the_environment_warm(bench, probe):
    before = bench.invoke(probe)["pid"]
    bench.invoke(probe, {"raise": "x"})

    assert bench.invoke(probe)["pid"] == before


def test_a_function_that_exits_fails_and_the_next_invocation_starts_anew(bench, probe):
    before = bench.invoke(probe)["pid"]

    assert bench.invoke(probe, {"exit": 3})["failed"]["errorType"] == "Runtime.ExitError"
    assert bench.invoke(probe)["pid"] != before


def test_a_function_that_takes_too_long_is_ended_with_what_it_started(bench, probe, group, eventually):
    error = bench.invoke(probe, {"sleep": 600})["failed"]

    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 3.00 seconds" in error["errorMessage"]
    eventually(lambda: "going to sleep" in bench.log_lines(group))


def test_a_result_that_is_no_json_is_an_error(bench, probe):
    assert bench.invoke(probe, {"return": "set"})["failed"]["errorType"] == "Runtime.MarshalError"


def test_a_result_that_is_too_large_is_an_error(bench):
    function = bench.function("def handler(event, context): return 'x' * event", bench.role())

    assert len(bench.invoke(function, 6_000_000)) == 6_000_000
    assert bench.invoke(function, 6_300_000)["failed"]["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("variables", "message"),
    [({"AWS_REGION": "eu-west-1"}, "Reserved keys used in this request: AWS_REGION"), ({"A": "x" * 4096}, "4KB limit")],
    ids=["reserved", "large"],
)
def test_variables_that_lambda_refuses_are_refused(bench, variables, message):
    with pytest.raises(ClientError, match=message):
        bench.function("x = 1", bench.role(), variables)


@pytest.mark.parametrize("trust", [{"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::000000000000:root"}])
def test_a_role_that_lambda_may_not_assume_is_refused(bench, trust):
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        bench.function("x = 1", bench.role(trust=trust))


@pytest.mark.parametrize(
    ("source", "handler", "error"),
    [
        ("import not_there", "main.handler", "Runtime.ImportModuleError"),
        ("def handler(:", "main.handler", "Runtime.UserCodeSyntaxError"),
        ("x = 1", "main.handler", "Runtime.HandlerNotFound"),
        ("import os; os.environ['NOT_SET']", "main.handler", "KeyError"),
        ("import sys; sys.exit(2)", "main.handler", "SystemExit"),
    ],
)
def test_a_function_that_cannot_start_says_why(bench, source, handler, error):
    function = bench.function(source, bench.role(), Handler=handler)

    assert bench.invoke(function)["failed"]["errorType"] == error


def test_all_output_is_in_the_functions_own_log_group_under_its_own_stream(aws, bench, probe, group):
    text = unique('{"level": "INFO"} line\nunfinished')
    stream = bench.invoke(probe, {"print": text})["stream"]
    bench.invoke(probe, {"child": "hello"})
    bench.invoke(probe, {"raise": "logged"})

    events = aws("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    lines = [event["message"] for event in events]
    assert set(text.splitlines()) < set(lines)
    assert "hello from a child" in lines
    assert "[ERROR] OutOfStock: logged" in lines
    assert any(line.startswith("REPORT RequestId:") for line in lines)


def test_records_of_the_logging_module_carry_the_request_id(bench, group):
    source = """
    import logging
    def handler(event, context):
        logging.getLogger("shop").warning("low on %s", "posters")
        return context.aws_request_id
    """
    function = bench.function(source, bench.role(logs(group)), LoggingConfig={"LogGroup": group})
    request = bench.invoke(function)

    assert any(f"{request}\tlow on posters" in line for line in bench.log_lines(group))


def test_with_the_json_format_the_platform_the_logging_module_and_errors_write_json(bench, aws):
    group = unique("/json")
    aws("logs").create_log_group(logGroupName=group)
    source = """
    import logging
    def handler(event, context):
        logging.getLogger("shop").info("in stock")
        raise KeyError("sold out")
    """
    logging = {"LogGroup": group, "LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
    bench.invoke(bench.function(source, bench.role(logs(group)), LoggingConfig=logging))

    lines = [json.loads(line) for line in bench.log_lines(group)]
    assert [line.get("type") for line in lines] == ["platform.start", None, None, "platform.report"]
    assert (lines[1]["level"], lines[1]["message"], lines[1]["logger"]) == ("INFO", "in stock", "shop")
    assert (lines[2]["log_level"], lines[2]["errorType"]) == ("ERROR", "KeyError")
    assert len({line.get("requestId") or line["record"]["requestId"] for line in lines}) == 1


def test_a_role_without_rights_on_the_log_group_leaves_no_log(aws, bench):
    group = unique("/unlogged")
    aws("logs").create_log_group(logGroupName=group)
    role = bench.role()
    function = bench.function("def handler(event, context): print(event)", role, LoggingConfig={"LogGroup": group})

    bench.invoke(function, "first")
    assert bench.log_lines(group) == []

    bench.grant(role, logs(group))
    bench.invoke(function, "second")
    assert "second" in bench.log_lines(group)
    assert "first" not in bench.log_lines(group)


def test_a_call_of_the_function_is_judged_under_its_role(aws, bench):
    bucket = unique("bucket")
    aws("s3").create_bucket(Bucket=bucket)
    source = """
    import boto3
    def handler(event, context):
        boto3.client("s3").put_object(Bucket=event, Key="allowed/x", Body=b"x")
        boto3.client("s3").put_object(Bucket=event, Key="other/x", Body=b"x")
    """
    role = bench.role(allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/allowed/*"]))

    error = bench.invoke(bench.function(source, role), bucket)["failed"]

    assert "AccessDenied" in error["errorMessage"]
    assert [o["Key"] for o in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["allowed/x"]
