"""SNS filters and CloudFront on the local AWS."""

import json
import urllib.parse

import pytest
import requests

from tests.local.emulation import document, unique

pytestmark = pytest.mark.local

SECURITY_HEADERS_POLICY = "67f7725c-6f97-4210-82d7-5512b31e9d03"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


def s3_event(key):
    return json.dumps({"Records": [{"s3": {"object": {"key": key, "size": 7}}}]})


def on_key(*rules):
    return {"Records": {"s3": {"object": {"key": list(rules)}}}}


@pytest.fixture(scope="module")
def matches(aws, bench):
    """`matches(policy, message)`: whether a subscription with this filter on the body gets the message."""
    topic = aws("sns").create_topic(Name=unique("filters"))["TopicArn"]
    url, queue = bench.queue()
    send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = document({**send, "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    attributes = {"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody"}
    subscription = aws("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]

    def check(policy, message):
        aws("sns").set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy)
        )
        aws("sns").publish(TopicArn=topic, Message=message)
        received = aws("sqs").receive_message(QueueUrl=url).get("Messages", [])
        for each in received:
            aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return bool(received)

    return check


@pytest.mark.parametrize(
    ("rule", "matching", "other"),
    [
        ({"suffix": ".jpg"}, "uploads/a.jpg", "uploads/a.png"),
        ({"prefix": "uploads/"}, "uploads/a.jpg", "thumb/a.jpg"),
        ({"anything-but": ["uploads/a.jpg"]}, "uploads/b.jpg", "uploads/a.jpg"),
        ({"anything-but": {"prefix": "thumb/"}}, "uploads/b.jpg", "thumb/a.jpg"),
        ({"anything-but": {"suffix": ".tmp"}}, "uploads/b.jpg", "uploads/b.tmp"),
        ({"equals-ignore-case": "a.JPG"}, "A.jpg", "b.jpg"),
        ({"wildcard": "uploads/*.jpg"}, "uploads/a.jpg", "uploads/a.png"),
        ("uploads/a.jpg", "uploads/a.jpg", "uploads/b.jpg"),
    ],
    ids=json.dumps,
)
def test_a_filter_on_the_body_looks_into_the_records_of_an_s3_event(matches, rule, matching, other):
    assert matches(on_key(rule), s3_event(matching))
    assert not matches(on_key(rule), s3_event(other))


def test_one_matching_record_of_several_is_enough(matches):
    records = [json.loads(s3_event(key))["Records"][0] for key in ("a.png", "b.jpg")]

    assert matches(on_key({"suffix": ".jpg"}), json.dumps({"Records": records}))
    assert not matches(on_key({"suffix": ".gif"}), json.dumps({"Records": records}))


def test_several_rules_of_a_key_are_alternatives_and_several_keys_must_all_match(matches):
    either = on_key({"suffix": ".jpg"}, {"suffix": ".png"})
    both = {"Records": {"s3": {"object": {"key": [{"suffix": ".jpg"}], "size": [{"numeric": [">", 10]}]}}}}

    assert matches(either, s3_event("a.png"))
    assert not matches(both, s3_event("a.jpg"))


@pytest.mark.parametrize("message", ["no json", "[]", json.dumps({"Event": "s3:TestEvent"})])
def test_a_message_without_the_filtered_key_is_filtered_out(matches, message):
    assert not matches(on_key({"suffix": ".jpg"}), message)


class Cdn:
    """A distribution in front of a private bucket, through an origin access control."""

    def __init__(self, aws, settings, protocol="redirect-to-https"):
        self.aws, self.port = aws, settings.port
        self.bucket = unique("origin")
        aws("s3").create_bucket(Bucket=self.bucket)
        control = aws("cloudfront").create_origin_access_control(
            OriginAccessControlConfig={
                "Name": self.bucket,
                "SigningProtocol": "sigv4",
                "SigningBehavior": "always",
                "OriginAccessControlOriginType": "s3",
            }
        )["OriginAccessControl"]["Id"]
        made = aws("cloudfront").create_distribution(DistributionConfig=self._config(control, protocol))
        self.arn, self.domain = made["Distribution"]["ARN"], made["Distribution"]["DomainName"]

    def _config(self, control, protocol):
        origin = {
            "Id": "bucket",
            "DomainName": f"{self.bucket}.s3.us-east-1.amazonaws.com",
            "OriginAccessControlId": control,
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        return {
            "CallerReference": self.bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": protocol,
                "CachePolicyId": CACHING_OPTIMIZED,
                "ResponseHeadersPolicyId": SECURITY_HEADERS_POLICY,
                "AllowedMethods": {
                    "Quantity": 2,
                    "Items": ["GET", "HEAD"],
                    "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
                },
            },
        }

    def let_in(self, source_arn, *more):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:GetObject"],
        }
        policy = document(
            {
                **statement,
                "Resource": [f"arn:aws:s3:::{self.bucket}/*"],
                "Condition": {"StringEquals": {"AWS:SourceArn": source_arn}},
            },
            *more,
        )
        self.aws("s3").put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def get(self, path="/a.jpg", method="GET", **headers):
        host = f"{self.domain.partition('.')[0]}.cloudfront.localhost:{self.port}"
        url = f"http://127.0.0.1:{self.port}{urllib.parse.quote(path)}"
        return requests.request(method, url, headers={"Host": host, **headers}, allow_redirects=False, timeout=10)


@pytest.fixture(scope="module")
def cdn(aws, local_aws):
    made = Cdn(aws, local_aws)
    aws("s3").put_object(
        Bucket=made.bucket, Key="a.jpg", Body=b"pixels", ContentType="image/jpeg", CacheControl="max-age=60"
    )
    made.let_in(made.arn)
    return made


def test_an_object_is_served_with_its_cache_control_and_the_security_headers(cdn):
    answer = cdn.get()

    assert (answer.status_code, answer.content) == (200, b"pixels")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "max-age=60"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_browser_addresses_are_local_where_a_page_is_asked_for_by_the_local_name(cdn, aws):
    page = b'<a href="https://d111111abcdef8.cloudfront.net/x">x</a>'
    aws("s3").put_object(Bucket=cdn.bucket, Key="page.html", Body=page, ContentType="text/html; charset=utf-8")
    aws("s3").put_object(Bucket=cdn.bucket, Key="page.bin", Body=page, ContentType="application/octet-stream")

    local = cdn.get("/page.html")
    assert local.text == f'<a href="http://d111111abcdef8.cloudfront.localhost:{cdn.port}/x">x</a>'
    assert int(local.headers["Content-Length"]) == len(local.content)
    assert cdn.get("/page.html", Host=cdn.domain).content == page
    assert cdn.get("/page.bin").content == page


def test_a_viewer_without_tls_is_redirected(cdn):
    answer = cdn.get(**{"X-Forwarded-Proto": "http"})

    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


def test_https_only_refuses_a_viewer_without_tls(aws, local_aws):
    made = Cdn(aws, local_aws, protocol="https-only")
    aws("s3").put_object(Bucket=made.bucket, Key="a.jpg", Body=b"pixels")
    made.let_in(made.arn)

    assert made.get().status_code == 200
    assert made.get(**{"X-Forwarded-Proto": "http"}).status_code == 403


@pytest.mark.parametrize("path", ["/not-there.jpg", "/"])
def test_what_is_not_there_is_denied_since_cloudfront_may_not_list(cdn, path):
    assert cdn.get(path).status_code == 403


def test_a_method_that_the_behaviour_does_not_allow_is_refused(cdn):
    assert cdn.get(method="PUT").status_code == 403


def test_the_bucket_lets_no_other_distribution_in(aws, local_aws):
    made = Cdn(aws, local_aws)
    aws("s3").put_object(Bucket=made.bucket, Key="a.jpg", Body=b"pixels")

    assert made.get().status_code == 403
    made.let_in(made.arn[:-1] + "X")
    assert made.get().status_code == 403
    made.let_in(made.arn)
    assert made.get().status_code == 200


def test_a_tls_only_bucket_policy_lets_the_distribution_in(aws, local_aws):
    made = Cdn(aws, local_aws)
    aws("s3").put_object(Bucket=made.bucket, Key="a.jpg", Body=b"pixels")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{made.bucket}/*"}
    made.let_in(made.arn, {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})

    assert made.get().status_code == 200


def test_the_bucket_itself_is_closed_to_the_public(cdn, local_aws):
    assert requests.get(f"{local_aws.endpoint}/{cdn.bucket}/a.jpg", timeout=10).status_code == 403
