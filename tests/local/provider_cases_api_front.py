"""Cases of what stands around an API: pages, functions at the edge, dashboards, alarms and metrics of logs."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from local.wire import Asset
from tests.local.provider_cases import ACCOUNT, TAGS, World, case, unique

REGION = "us-east-1"
REWRITE = "function handler(event) { return event.request; }"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


def _object(aws: Any, id_: str, inputs: dict[str, Any]) -> Any:
    named = {"Bucket": inputs["bucket"], "Key": inputs["key"]}
    found = aws("s3").get_object(**named)
    headers = ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Metadata")
    tags = aws("s3").get_object_tagging(**named)["TagSet"]
    return [found["Body"].read(), *(found[name] for name in headers), {tag["Key"]: tag["Value"] for tag in tags}]


def _page(world: World, body: bytes, **content: Any) -> dict[str, Any]:
    return {
        "bucket": world.bucket(),
        "key": "pages/index.html",
        **content,
        "contentType": "text/html; charset=utf-8",
        "cacheControl": "no-cache",
        "contentDisposition": "inline",
        "contentEncoding": "identity",
        "contentLanguage": "en",
        "metadata": {"made-by": "tests"},
        "serverSideEncryption": "AES256",
        "sourceHash": "1",
        "etag": hashlib.md5(body).hexdigest(),
        "forceDestroy": False,
        "region": REGION,
        "tags": TAGS,
    }


def _expected(body: bytes) -> Any:
    headers = ["text/html; charset=utf-8", "no-cache", "inline", "identity", "en", {"made-by": "tests"}]
    return lambda given: [body, *headers, TAGS]


def _second(given: dict[str, Any], **content: Any) -> dict[str, Any]:
    later = {"etag": hashlib.md5(b"Second").hexdigest(), "cacheControl": "no-store", "metadata": {}, "tags": {}}
    return {**given, **content, **later}


@case(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    seen=_object,
    expected=_expected(b"First"),
    update=lambda given: _second(given, source=Asset(text="Second")),
    replace={"key": "other.html"},
)
def page(world: World) -> dict[str, Any]:
    return _page(world, b"First", source=Asset(text="First"))


@case(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    seen=_object,
    expected=_expected(b"First"),
    update=lambda given: _second(given, content="Second"),
)
def page_of_text(world: World) -> dict[str, Any]:
    return _page(world, b"First", content="First")


@case(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    seen=_object,
    expected=_expected(b"\x00\xff"),
    update=lambda given: _second(given, contentBase64=base64.b64encode(b"Second").decode()),
)
def page_of_bytes(world: World) -> dict[str, Any]:
    return _page(world, b"\x00\xff", contentBase64=base64.b64encode(b"\x00\xff").decode())


@case(
    "aws:s3/bucketObject:BucketObject",
    seen=_object,
    expected=_expected(b"First"),
    update=lambda given: _second(given, source=Asset(text="Second")),
    replace={"bucket": "another-bucket"},
)
def older_page(world: World) -> dict[str, Any]:
    return _page(world, b"First", source=Asset(text="First"))


@case("aws:s3/bucketObject:BucketObject", seen=_object, expected=_expected(b"First"))
def older_page_of_text(world: World) -> dict[str, Any]:
    return _page(world, b"First", content="First")


@case("aws:s3/bucketObject:BucketObject", seen=_object, expected=_expected(b"\xff"))
def older_page_of_bytes(world: World) -> dict[str, Any]:
    return _page(world, b"\xff", contentBase64=base64.b64encode(b"\xff").decode())


def _edge_function(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    live = aws("cloudfront").describe_function(Name=name, Stage="LIVE")["FunctionSummary"]
    code = aws("cloudfront").get_function(Name=name, Stage="LIVE")["FunctionCode"].read().decode()
    arn = live["FunctionMetadata"]["FunctionARN"]
    tags = aws("cloudfront").list_tags_for_resource(Resource=arn)["Tags"]["Items"]
    config = live["FunctionConfig"]
    stores = [row["KeyValueStoreARN"] for row in config["KeyValueStoreAssociations"]["Items"]]
    return [code, config["Comment"], config["Runtime"], stores, {tag["Key"]: tag["Value"] for tag in tags}]


@case(
    "aws:cloudfront/function:Function",
    seen=_edge_function,
    expected=lambda given: [REWRITE, "Rewrite", "cloudfront-js-2.0", given["keyValueStoreAssociations"], TAGS],
    update=lambda given: {
        **{name: value for name, value in given.items() if name != "comment"},
        "code": REWRITE.replace("event.request", "event['request']"),
        "tags": {"owner": "me"},
    },
    replace={"name": "another"},
)
def edge_function(world: World) -> dict[str, Any]:
    return {
        "name": unique("rewrite"),
        "code": REWRITE,
        "comment": "Rewrite",
        "runtime": "cloudfront-js-2.0",
        "keyValueStoreAssociations": [world.store()],
        "publish": True,
        "tags": TAGS,
    }


def _dashboard(title: str) -> str:
    widget = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": title}}
    return json.dumps({"widgets": [widget]})


@case(
    "aws:cloudwatch/dashboard:Dashboard",
    seen=lambda aws, name, given: aws("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"],
    expected=lambda given: _dashboard("Pictures"),
    update=lambda given: {**given, "dashboardBody": _dashboard("Posters")},
    replace={"dashboardName": "another"},
)
def dashboard(world: World) -> dict[str, Any]:
    return {"dashboardName": unique("board"), "dashboardBody": _dashboard("Pictures"), "region": REGION}


ALARM = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
    "metricName": "5XXError",
    "namespace": "AWS/ApiGateway",
    "dimensions": {"ApiName": "pictures", "Stage": "prod"},
    "period": 60,
    "threshold": 0.5,
    "unit": "Count",
    "treatMissingData": "notBreaching",
    "actionsEnabled": False,
    "alarmActions": [TOPIC],
    "okActions": [f"{TOPIC}-ok"],
    "insufficientDataActions": [f"{TOPIC}-unknown"],
    "alarmDescription": "Errors",
    "region": REGION,
    "tags": TAGS,
}


def _alarm(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    found = aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    rule = ("ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm", "Period", "Threshold", "TreatMissingData")
    tags = aws("cloudwatch").list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return {
        "metric": [found["Namespace"], found["MetricName"], found["Unit"]],
        "dimensions": {row["Name"]: row["Value"] for row in found["Dimensions"]},
        "rule": [found[key] for key in rule],
        "statistic": found.get("ExtendedStatistic") or found["Statistic"],
        "actions": [found["AlarmActions"], found["OKActions"], found["InsufficientDataActions"]],
        "plain": [found["ActionsEnabled"], found["AlarmDescription"]],
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


def _watched(statistic: str) -> dict[str, Any]:
    return {
        "metric": ["AWS/ApiGateway", "5XXError", "Count"],
        "dimensions": {"ApiName": "pictures", "Stage": "prod"},
        "rule": ["GreaterThanThreshold", 3, 2, 60, 0.5, "notBreaching"],
        "statistic": statistic,
        "actions": [[TOPIC], [f"{TOPIC}-ok"], [f"{TOPIC}-unknown"]],
        "plain": [False, "Errors"],
        "tags": TAGS,
    }


@case(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    seen=_alarm,
    expected=lambda given: _watched("Sum"),
    update=lambda given: {
        **{name: value for name, value in given.items() if name not in ("alarmDescription", "okActions", "unit")},
        "threshold": 5,
        "dimensions": {"ApiName": "posters"},
        "tags": {"owner": "me"},
    },
    replace={"name": "another"},
)
def alarm(world: World) -> dict[str, Any]:
    return {**ALARM, "name": unique("alarm"), "statistic": "Sum"}


@case(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    seen=_alarm,
    expected=lambda given: _watched("p99"),
    update=lambda given: {**given, "extendedStatistic": "p90"},
)
def alarm_of_a_percentile(world: World) -> dict[str, Any]:
    return {**ALARM, "name": unique("alarm"), "extendedStatistic": "p99"}


def _metric_filter(aws: Any, name: str, inputs: dict[str, Any]) -> Any:
    (found,) = aws("logs").describe_metric_filters(logGroupName=inputs["logGroupName"])["metricFilters"]
    return [found["filterName"], found["filterPattern"], found["metricTransformations"]]


def _change(**more: Any) -> dict[str, Any]:
    return {"metricName": "throttled", "metricNamespace": "tests", "metricValue": "1", "unit": "Count", **more}


@case(
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    seen=_metric_filter,
    expected=lambda given: [given["name"], "{ $.status = 429 }", [_change(defaultValue=0.0)]],
    update=lambda given: {
        **given,
        "pattern": "{ $.status = 503 }",
        "metricTransformation": {"name": "busy", "namespace": "tests", "value": "$.count", "unit": "None"},
    },
    replace={"name": "another"},
)
def metric_filter(world: World) -> dict[str, Any]:
    group = world.make("aws:cloudwatch/logGroup:LogGroup", name=f"/tests/{unique('group')}").id
    return {
        "name": "throttled",
        "logGroupName": group,
        "pattern": "{ $.status = 429 }",
        "metricTransformation": {
            "name": "throttled",
            "namespace": "tests",
            "value": "1",
            "defaultValue": "0",
            "unit": "Count",
        },
        "region": "us-east-1",
    }


@case(
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    seen=_metric_filter,
    expected=lambda given: [given["name"], "{ $.status = 429 }", [_change(dimensions={"Route": "$.path"})]],
)
def metric_filter_by_route(world: World) -> dict[str, Any]:
    inputs = metric_filter.inputs(world)
    change = {name: value for name, value in inputs["metricTransformation"].items() if name != "defaultValue"}
    return {**inputs, "metricTransformation": {**change, "dimensions": {"Route": "$.path"}}}


CASES = [
    *(page, page_of_text, page_of_bytes, older_page, older_page_of_text, older_page_of_bytes),
    *(edge_function, dashboard, alarm, alarm_of_a_percentile),
    metric_filter,
    metric_filter_by_route,
]
