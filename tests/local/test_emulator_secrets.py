"""A secret without a value has none until one is put."""

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import unique

pytestmark = pytest.mark.local


def test_a_secret_that_is_made_without_a_value_has_none_until_one_is_put(aws):
    secrets = aws("secretsmanager")
    made = secrets.create_secret(Name=unique("empty"))
    assert "VersionId" not in made
    with pytest.raises(ClientError) as refused:
        secrets.get_secret_value(SecretId=made["ARN"])
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"

    secrets.put_secret_value(SecretId=made["ARN"], SecretString="first")
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "first"
