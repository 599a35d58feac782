"""Contract of the extension apigateway_updates: changes of an API's parts, and their tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.emulation import unique

pytestmark = pytest.mark.local
TAGS = {"owner": "me"}


@pytest.fixture
def gateway(aws: Any) -> Any:
    return aws("apigateway")


@pytest.fixture
def method(gateway: Any) -> dict[str, str]:
    """What names a POST of the root path that asks for a key."""
    api = gateway.create_rest_api(name=unique("api"), binaryMediaTypes=["image/png"], tags=TAGS)
    named = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "POST"}
    parameters = {"method.request.header.X-A": True}
    gateway.put_method(**named, authorizationType="NONE", apiKeyRequired=True, requestParameters=parameters)
    return named


def replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


def test_a_flag_stays_a_flag(gateway: Any, method: dict[str, str]) -> None:
    changed = gateway.update_method(
        **method,
        patchOperations=[
            replace("/apiKeyRequired", "false"),
            replace("/requestParameters/method.request.header.X-A", "false"),
            {"op": "add", "path": "/requestParameters/method.request.header.X-B", "value": "true"},
        ],
    )

    assert changed["apiKeyRequired"] is False
    assert changed["requestParameters"] == {"method.request.header.X-A": False, "method.request.header.X-B": True}


def test_a_slash_in_a_key_is_written_as_a_pointer_has_it(gateway: Any, method: dict[str, str]) -> None:
    gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": "1", "text/plain": "2"})

    changed = gateway.update_integration(
        **method,
        patchOperations=[
            replace("/requestTemplates/application~1json", "3"),
            {"op": "remove", "path": "/requestTemplates/text~1plain"},
            replace("/timeoutInMillis", "1000"),
        ],
    )

    assert changed["requestTemplates"] == {"application/json": "3"}
    assert changed["timeoutInMillis"] == 1000


def test_a_list_takes_and_gives_up_members(gateway: Any, method: dict[str, str]) -> None:
    changed = gateway.update_rest_api(
        restApiId=method["restApiId"],
        patchOperations=[
            {"op": "add", "path": "/binaryMediaTypes/image~1avif"},
            {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
            replace("/endpointConfiguration/types/0", "EDGE"),
        ],
    )

    assert changed["binaryMediaTypes"] == ["image/avif"]
    assert changed["endpointConfiguration"]["types"] == ["EDGE"]


def test_scopes_are_added_and_removed_by_value(gateway: Any, method: dict[str, str]) -> None:
    for operation, scope in (("add", "a/read"), ("add", "a/write"), ("remove", "a/read")):
        step = {"op": operation, "path": "/authorizationScopes", "value": scope}
        changed = gateway.update_method(**method, patchOperations=[step])

    assert changed["authorizationScopes"] == ["a/write"]


def test_the_response_of_a_method_can_be_changed(gateway: Any, method: dict[str, str]) -> None:
    gateway.put_method_response(**method, statusCode="200", responseModels={"application/json": "Empty"})
    step = {"op": "add", "path": "/responseParameters/method.response.header.Location", "value": "true"}

    gateway.update_method_response(**method, statusCode="200", patchOperations=[step])

    found = gateway.get_method_response(**method, statusCode="200")
    assert found["responseParameters"] == {"method.response.header.Location": True}


def test_a_plan_names_its_stages_and_their_throttles(gateway: Any) -> None:
    plan = gateway.create_usage_plan(name=unique("plan"))["id"]
    limit = "/apiStages/api:prod/throttle/~1pictures~1{id}/GET"

    changed = gateway.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            {"op": "add", "path": "/apiStages", "value": "api:prod"},
            {"op": "add", "path": "/apiStages", "value": "api:test"},
            replace(f"{limit}/rateLimit", "1.5"),
            replace(f"{limit}/burstLimit", "2"),
            replace("/throttle/burstLimit", "20"),
            {"op": "remove", "path": "/apiStages", "value": "api:test"},
        ],
    )

    throttle = {"/pictures/{id}/GET": {"rateLimit": 1.5, "burstLimit": 2}}
    assert changed["apiStages"] == [{"apiId": "api", "stage": "prod", "throttle": throttle}]
    assert changed["throttle"] == {"burstLimit": 20}


def test_tags_given_at_creation_and_later_are_the_same_tags(gateway: Any, method: dict[str, str]) -> None:
    key = gateway.create_api_key(name=unique("key"), tags=TAGS)["id"]
    arn = f"arn:aws:apigateway:us-east-1::/apikeys/{key}"

    gateway.tag_resource(resourceArn=arn, tags={"stack": "local"})
    assert (
        gateway.get_tags(resourceArn=arn)["tags"]
        == gateway.get_api_key(apiKey=key)["tags"]
        == {**TAGS, "stack": "local"}
    )
    gateway.untag_resource(resourceArn=arn, tagKeys=["owner"])
    assert gateway.get_api_key(apiKey=key)["tags"] == {"stack": "local"}
    gateway.tag_resource(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{method['restApiId']}", tags={"a": "b"})
    assert gateway.get_rest_api(restApiId=method["restApiId"])["tags"] == {**TAGS, "a": "b"}
