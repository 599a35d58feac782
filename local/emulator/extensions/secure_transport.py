"""Requests count as sent over TLS, unless they say otherwise.

AWS sets `aws:SecureTransport` by whether a request came over TLS, and TLS-only policies deny what didn't
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport);
CloudFront's viewer protocol policies redirect or refuse plain http
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-viewers-to-cloudfront.html).
The stock server speaks http only, so such policies would deny every request and every page would be redirected.
Here loopback http stands for TLS; a client that sends `X-Forwarded-Proto: http` is treated as insecure, which can only
take away: so the Deny and the redirect can be tested.
"""

from contextvars import ContextVar

from ministack.core import iam_evaluator

from local.emulator import frame
from local.emulator.frame import Headers, Server

NAME = "secure_transport"
_PROTOCOL = b"x-forwarded-proto"


def install(server: Server) -> None:
    server.on_request.append(_as_tls)
    frame.require(NAME, iam_evaluator, "_request_origin")
    # What the server does in nobody's request, such as a delivery, counts as sent over TLS, too.
    iam_evaluator._request_origin = ContextVar("request_origin", default=("127.0.0.1", True))


def _as_tls(headers: Headers) -> Headers:
    said = [value.strip().lower() for name, value in headers if name.lower() == _PROTOCOL]
    protocol = b"http" if b"http" in said else b"https"
    return [*(header for header in headers if header[0].lower() != _PROTOCOL), (_PROTOCOL, protocol)]
