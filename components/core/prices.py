"""What AWS asks for, in USD: as its pricing pages had it by the middle of 2025. Look again before you rely on it.

Free tiers, volume discounts, taxes and support are left out. A price is for one unit as it is billed: one request, one
GB-second, one GB-month. Tokyo's price is None where it was not known when this was written; us-east-1's is taken then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

AS_OF: Final = "2025-06"

Region = Literal["us-east-1", "ap-northeast-1"]
REGIONS: Final[tuple[Region, ...]] = ("us-east-1", "ap-northeast-1")

_MILLION, _THOUSAND = 1e-6, 1e-3


@dataclass(frozen=True)
class Price:
    """Price of one unit of something."""

    service: str
    unit: str
    virginia: float
    tokyo: float | None
    page: str

    def of(self, region: Region) -> float:
        """USD a unit in `region`."""
        return self.virginia if region == "us-east-1" or self.tokyo is None else self.tokyo

    def is_known(self, region: Region) -> bool:
        """Whether it is the region's own price."""
        return region == "us-east-1" or self.tokyo is not None


_API = "https://aws.amazon.com/api-gateway/pricing/"
_BEDROCK = "https://aws.amazon.com/bedrock/pricing/"
_CLOUDFRONT = "https://aws.amazon.com/cloudfront/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_COGNITO = "https://aws.amazon.com/cognito/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_EVENTBRIDGE = "https://aws.amazon.com/eventbridge/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"
_KINESIS = "https://aws.amazon.com/kinesis/data-streams/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_SECRETS = "https://aws.amazon.com/secrets-manager/pricing/"
_SNS = "https://aws.amazon.com/sns/pricing/"
_SQS = "https://aws.amazon.com/sqs/pricing/"
_STATES = "https://aws.amazon.com/step-functions/pricing/"
_XRAY = "https://aws.amazon.com/xray/pricing/"

API_REQUEST = Price("API Gateway", "REST request", 3.50 * _MILLION, 4.25 * _MILLION, _API)

# By where viewers are: the United States and Japan.
GUARDED_UNIT = Price("Bedrock", "1,000 characters through content filters", 0.15 * _THOUSAND, None, _BEDROCK)

CDN_REQUEST = Price("CloudFront", "HTTPS request", 1.00 * _MILLION, 1.20 * _MILLION, _CLOUDFRONT)
CDN_OUT_GB = Price("CloudFront", "GB to viewers", 0.085, 0.114, _CLOUDFRONT)
CDN_FUNCTION = Price("CloudFront", "function call", 0.10 * _MILLION, 0.10 * _MILLION, _CLOUDFRONT)
STORE_READ = Price("CloudFront", "read of a key value store", 0.03 * _MILLION, 0.03 * _MILLION, _CLOUDFRONT)
STORE_REQUEST = Price("CloudFront", "call of a key value store's API", 1.00 * _THOUSAND, 1.00 * _THOUSAND, _CLOUDFRONT)
OUT_GB = Price("Data transfer", "GB to the internet", 0.09, 0.114, "https://aws.amazon.com/ec2/pricing/on-demand/")

ALARM = Price("CloudWatch", "alarm, month", 0.10, 0.10, _CLOUDWATCH)
DASHBOARD = Price("CloudWatch", "dashboard, month", 3.00, 3.00, _CLOUDWATCH)
LOG_GB = Price("CloudWatch", "GB of logs taken in", 0.50, 0.76, _CLOUDWATCH)
LOG_GB_MONTH = Price("CloudWatch", "GB-month of logs", 0.03, 0.033, _CLOUDWATCH)
METRIC = Price("CloudWatch", "metric, month", 0.30, 0.30, _CLOUDWATCH)

M2M_CLIENT = Price("Cognito", "program's client, month", 6.00, 6.00, _COGNITO)
M2M_TOKEN = Price("Cognito", "token", 0.00225, 0.00225, _COGNITO)

DB_READ = Price("DynamoDB", "read unit", 0.125 * _MILLION, 0.1425 * _MILLION, _DYNAMODB)
DB_WRITE = Price("DynamoDB", "write unit", 0.625 * _MILLION, 0.715 * _MILLION, _DYNAMODB)
DB_GB_MONTH = Price("DynamoDB", "GB-month", 0.25, 0.285, _DYNAMODB)
DB_BACKUP_GB_MONTH = Price("DynamoDB", "GB-month of point-in-time recovery", 0.20, 0.228, _DYNAMODB)
DB_STREAM_READ = Price("DynamoDB", "stream read, but by Lambda", 0.20 * _MILLION, None, _DYNAMODB)

EVENT = Price("EventBridge", "event put on a bus", 1.00 * _MILLION, 1.00 * _MILLION, _EVENTBRIDGE)
PIPE_REQUEST = Price("EventBridge", "event through a pipe", 0.40 * _MILLION, None, _EVENTBRIDGE)
SCHEDULED = Price("EventBridge", "call by a schedule", 1.00 * _MILLION, None, _EVENTBRIDGE)

SHARD_HOUR = Price("Kinesis", "shard-hour", 0.015, 0.0195, _KINESIS)
SHARD_HOUR_KEPT = Price("Kinesis", "shard-hour of retention over 24 h", 0.020, 0.026, _KINESIS)
PUT_UNIT = Price("Kinesis", "put unit of 25 KB", 0.014 * _MILLION, 0.0215 * _MILLION, _KINESIS)
STREAM_HOUR = Price("Kinesis", "stream-hour on demand", 0.040, None, _KINESIS)
STREAM_IN_GB = Price("Kinesis", "GB in, on demand", 0.080, None, _KINESIS)
STREAM_OUT_GB = Price("Kinesis", "GB out, on demand", 0.040, None, _KINESIS)
STREAM_GB_MONTH = Price("Kinesis", "GB-month of retention over 24 h, on demand", 0.10, None, _KINESIS)
STREAM_LONG_GB_MONTH = Price("Kinesis", "GB-month of retention over 7 days", 0.023, None, _KINESIS)

KEY_MONTH = Price("KMS", "key, month", 1.00, 1.00, _KMS)
KEY_REQUEST = Price("KMS", "request", 0.03 / 10_000, 0.03 / 10_000, _KMS)

CALL = Price("Lambda", "call", 0.20 * _MILLION, 0.20 * _MILLION, _LAMBDA)
GB_SECOND = Price("Lambda", "GB-second on arm64", 0.0000133334, 0.0000133334, _LAMBDA)
DISK_GB_SECOND = Price("Lambda", "GB-second of /tmp over 512 MB", 0.0000000309, None, _LAMBDA)

S3_WRITE = Price("S3", "PUT request", 0.005 * _THOUSAND, 0.0047 * _THOUSAND, _S3)
S3_READ = Price("S3", "GET request", 0.0004 * _THOUSAND, 0.00037 * _THOUSAND, _S3)
S3_GB_MONTH = Price("S3", "GB-month", 0.023, 0.025, _S3)

PUBLISH = Price("SNS", "publish", 0.50 * _MILLION, 0.50 * _MILLION, _SNS)
FILTERED_GB = Price("SNS", "GB of bodies filtered", 0.09, None, _SNS)

SECRET = Price("Secrets Manager", "secret-month", 0.40, 0.40, _SECRETS)
SECRET_REQUEST = Price("Secrets Manager", "request", 5.00 * _MILLION, 5.00 * _MILLION, _SECRETS)

QUEUE_REQUEST = Price("SQS", "request", 0.40 * _MILLION, 0.40 * _MILLION, _SQS)
FIFO_REQUEST = Price("SQS", "FIFO request", 0.50 * _MILLION, 0.50 * _MILLION, _SQS)

TRANSITION = Price("Step Functions", "state transition", 0.025 * _THOUSAND, 0.025 * _THOUSAND, _STATES)
EXPRESS = Price("Step Functions", "Express execution", 1.00 * _MILLION, 1.00 * _MILLION, _STATES)
EXPRESS_GB_SECOND = Price("Step Functions", "Express GB-second", 0.00001667, 0.00001667, _STATES)

TRANSCRIBED_MINUTE = Price("Transcribe", "minute of speech", 0.024, None, "https://aws.amazon.com/transcribe/pricing/")

TRACE = Price("X-Ray", "trace recorded", 5.00 * _MILLION, 5.00 * _MILLION, _XRAY)
