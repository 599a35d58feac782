"""An event table that is append-only by IAM: who holds dynamodb:PartiQLInsert alone can add items and nothing else."""

import time

import pytest
from botocore.exceptions import ClientError

from tests.local.emulation import TRUST_ROOT, allow, unique

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def table(aws):
    """The name of a table with the key of an event."""
    return event_table(aws)


def event_table(aws):
    name = unique("events")
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "aggregate", "KeyType": "HASH"},
            {"AttributeName": "sequence", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "aggregate", "AttributeType": "S"},
            {"AttributeName": "sequence", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return name


@pytest.fixture(scope="module")
def appender(bench, as_role, table):
    """A client whose role holds dynamodb:PartiQLInsert on the table, and nothing else."""
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    return as_role(bench.role(allow(["dynamodb:PartiQLInsert"], [arn]), trust=TRUST_ROOT))("dynamodb")


def insert(table, aggregate, sequence, payload="{}"):
    return {
        "Statement": f"INSERT INTO \"{table}\" VALUE {{'aggregate': ?, 'sequence': ?, 'payload': ?}}",
        "Parameters": [{"S": aggregate}, {"N": str(sequence)}, {"S": payload}],
    }


def fill(aws, table):
    """4,000 items."""
    for page in range(160):
        keys = ({"aggregate": {"S": f"filler-{page}-{place}"}, "sequence": {"N": "1"}} for place in range(25))
        aws("dynamodb").batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}} for key in keys]})


def fastest_transaction(aws, table):
    """Seconds of the fastest of twenty: what else the machine does can only add."""
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        statements = [insert(table, unique("a"), 1), insert(table, unique("b"), 1)]
        aws("dynamodb").execute_transaction(TransactStatements=statements)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def items(aws, table, aggregate):
    found = aws("dynamodb").query(
        TableName=table,
        KeyConditionExpression="#a = :a",
        ExpressionAttributeNames={"#a": "aggregate"},  # a reserved word
        ExpressionAttributeValues={":a": {"S": aggregate}},
    )
    return {int(item["sequence"]["N"]): item["payload"]["S"] for item in found["Items"]}


def test_an_item_is_inserted_once(aws, appender, table):
    aggregate = unique("order")
    appender.execute_statement(**insert(table, aggregate, 1, "first"))

    with pytest.raises(ClientError) as error:
        appender.execute_statement(**insert(table, aggregate, 1, "second"))

    assert error.value.response["Error"]["Code"] == "DuplicateItemException"
    assert items(aws, table, aggregate) == {1: "first"}


def test_a_batch_says_for_each_statement_what_became_of_it(aws, appender, table):
    aggregate = unique("order")
    appender.execute_statement(**insert(table, aggregate, 1, "first"))

    answer = appender.batch_execute_statement(
        Statements=[insert(table, aggregate, 1, "second"), insert(table, aggregate, 2)]
    )

    assert [one.get("Error", {}).get("Code") for one in answer["Responses"]] == ["DuplicateItem", None]
    assert items(aws, table, aggregate) == {1: "first", 2: "{}"}


def test_a_transaction_inserts_all_or_nothing_and_says_which_item_was_there(aws, appender, table):
    aggregate, event = unique("order"), unique("id#event")
    appender.execute_transaction(TransactStatements=[insert(table, aggregate, 1), insert(table, event, 0)])

    with pytest.raises(ClientError) as same_event:
        appender.execute_transaction(TransactStatements=[insert(table, aggregate, 2), insert(table, event, 0)])
    with pytest.raises(ClientError) as same_sequence:
        appender.execute_transaction(
            TransactStatements=[insert(table, aggregate, 1), insert(table, unique("id#event"), 0)]
        )

    for error, codes in ((same_event, ["None", "DuplicateItem"]), (same_sequence, ["DuplicateItem", "None"])):
        assert error.value.response["Error"]["Code"] == "TransactionCanceledException"
        assert [reason["Code"] for reason in error.value.response["CancellationReasons"]] == codes
    assert items(aws, table, aggregate) == {1: "{}"}


@pytest.mark.parametrize(
    ("action", "statement"),
    [
        ("PartiQLUpdate", "UPDATE \"{}\" SET payload = 'x' WHERE \"aggregate\" = 'a' AND sequence = 1"),
        ("PartiQLDelete", 'DELETE FROM "{}" WHERE "aggregate" = \'a\' AND sequence = 1'),
        ("PartiQLSelect", 'SELECT * FROM "{}" WHERE "aggregate" = \'a\' AND sequence = 1'),
    ],
)
def test_no_other_statement_is_allowed_alone_in_a_batch_or_in_a_transaction(appender, table, action, statement):
    bad = {"Statement": statement.format(table)}
    for call in (
        lambda: appender.execute_statement(**bad),
        lambda: appender.batch_execute_statement(Statements=[insert(table, unique("a"), 1), bad]),
        lambda: appender.execute_transaction(TransactStatements=[insert(table, unique("a"), 1), bad]),
    ):
        with pytest.raises(ClientError, match=f"not authorized to perform: dynamodb:{action} "):
            call()


def test_nothing_can_be_overwritten_removed_or_read(appender, table):
    key = {"aggregate": {"S": "a"}, "sequence": {"N": "1"}}
    calls = {
        "PutItem": lambda: appender.put_item(TableName=table, Item=key),
        "UpdateItem": lambda: appender.update_item(TableName=table, Key=key),
        "DeleteItem": lambda: appender.delete_item(TableName=table, Key=key),
        "GetItem": lambda: appender.get_item(TableName=table, Key=key),
        "Scan": lambda: appender.scan(TableName=table),
        "BatchWriteItem": lambda: appender.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}}]}),
        "PutItem ": lambda: appender.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": key}}]),
    }
    for action, call in calls.items():
        with pytest.raises(ClientError, match=f"not authorized to perform: dynamodb:{action.strip()} "):
            call()


def test_an_inserted_item_is_a_change_of_the_table(aws, appender, table):
    stream = aws("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    reader = aws("dynamodbstreams")
    [shard] = reader.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = reader.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST")[
        "ShardIterator"
    ]
    alone, first, second = unique("alone"), unique("first"), unique("second")

    appender.execute_statement(**insert(table, alone, 1))
    appender.execute_transaction(TransactStatements=[insert(table, first, 1), insert(table, second, 1)])
    with pytest.raises(ClientError):
        appender.execute_transaction(TransactStatements=[insert(table, unique("undone"), 1), insert(table, first, 1)])

    records = reader.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT"] * 3
    assert {record["dynamodb"]["Keys"]["aggregate"]["S"] for record in records} == {alone, first, second}


def test_a_cancelled_transaction_leaves_everything_as_it_was(aws, table):
    root, kept, other = aws("dynamodb"), unique("kept"), unique("other")
    for aggregate in (kept, other):
        root.execute_statement(**insert(table, aggregate, 1, "before"))
    count = root.describe_table(TableName=table)["Table"]["ItemCount"]
    keys = f"WHERE \"aggregate\" = '{kept}' AND sequence = 1"

    with pytest.raises(ClientError, match="DuplicateItem"):
        root.execute_transaction(
            TransactStatements=[
                {"Statement": f"UPDATE \"{table}\" SET payload = 'after' {keys}"},
                insert(table, unique("new"), 1),
                insert(table, other, 1),
            ]
        )
    with pytest.raises(ClientError, match="DuplicateItem"):
        statements = [{"Statement": f'DELETE FROM "{table}" {keys}'}, insert(table, other, 1)]
        root.execute_transaction(TransactStatements=statements)

    assert items(aws, table, kept) == items(aws, table, other) == {1: "before"}
    assert root.describe_table(TableName=table)["Table"]["ItemCount"] == count
    root.execute_transaction(TransactStatements=[{"Statement": f'DELETE FROM "{table}" {keys}'}])
    assert items(aws, table, kept) == {}
    assert root.describe_table(TableName=table)["Table"]["ItemCount"] == count - 1


def test_a_transaction_takes_as_long_in_a_full_table_as_in_an_empty_one(aws, table):
    empty = fastest_transaction(aws, table)
    fill(aws, table)
    assert fastest_transaction(aws, table) < 4 * empty
