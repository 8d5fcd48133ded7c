# SPDX-License-Identifier: MIT
"""scripts/ddb/schema-load: its calls of the AWS CLI, and what table DynamoDB Local has of it."""
import os
import subprocess
import uuid

import pytest

from aws_scripts import ENDPOINT, ROOT, AwsScripts, names, parsed_by_the_real_cli, printed, table


def schema_load(aws, *options, env=None):
    return aws.run("ddb/schema-load", "--region", "us-east-1", *options,
                   env={"AWS_ENDPOINT_URL_DYNAMODB": ENDPOINT, **(env or {})})


@pytest.fixture
def aws(folder):
    return AwsScripts(folder)


@pytest.fixture
def ttl(aws):
    """How the table's time-to-live is; the table is there and right."""
    aws.answer("dynamodb.describe-table", table())

    def set_to(status):
        described = {"TimeToLiveStatus": status}
        if status != "DISABLED":
            described["AttributeName"] = "expires_at"
        aws.answer("dynamodb.describe-time-to-live", {"TimeToLiveDescription": described})
    set_to("ENABLED")
    return set_to


def test_makes_a_table_and_waits_until_it_is_active(aws, ttl, folder):
    ttl("DISABLED")
    indexes = [{**table()["Table"]["GlobalSecondaryIndexes"][0], "IndexStatus": "CREATING"}]
    aws.answer("dynamodb.describe-table", "ResourceNotFoundException",
               table(TableStatus="CREATING"), table(GlobalSecondaryIndexes=indexes), table())
    done = schema_load(aws)
    assert done.returncode == 0, done.stderr
    assert names(aws.changes) == ["dynamodb.create-table", "dynamodb.update-time-to-live"]
    assert names(aws.calls).count("dynamodb.describe-table") == 4
    create = aws.changes[0]
    assert create.option("--billing-mode") == "PAY_PER_REQUEST"
    assert create.option("--stream-specification") == "StreamEnabled=true,StreamViewType=NEW_IMAGE"
    for change in aws.changes:
        assert parsed_by_the_real_cli(change.words, folder) == ""


def test_a_table_that_is_being_removed_is_waited_for_and_made_anew(aws, ttl):
    leaving = table(TableStatus="DELETING")
    aws.answer("dynamodb.describe-table", leaving, leaving, "ResourceNotFoundException", table())
    done = schema_load(aws)
    assert done.returncode == 0 and "is being removed" in done.stderr, done.stderr
    assert names(aws.changes) == ["dynamodb.create-table"]
    assert names(aws.calls)[:3] == ["dynamodb.describe-table"] * 3


def test_can_provision_table_and_index(aws, ttl, folder):
    aws.answer("dynamodb.describe-table", "ResourceNotFoundException", table())
    assert schema_load(aws, "--provisioned").returncode == 0
    create, = aws.changes
    assert create.option("--billing-mode") == "PROVISIONED"
    assert create.option("--provisioned-throughput") == "ReadCapacityUnits=5,WriteCapacityUnits=5"
    index, = create.json("--global-secondary-indexes")
    assert index["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    assert parsed_by_the_real_cli(create.words, folder) == ""


def test_repeated_changes_nothing(aws, ttl):
    done = schema_load(aws)
    assert done.returncode == 0 and aws.changes == [], done.stderr
    done = schema_load(aws, "--provisioned")
    assert done.returncode == 0 and aws.changes == []
    assert "billing of cruddur-messages is left" in done.stderr


def test_switches_a_missing_stream_on(aws, ttl):
    aws.answer("dynamodb.describe-table", table(StreamSpecification={"StreamEnabled": False}),
               table(TableStatus="UPDATING"), table())
    assert schema_load(aws).returncode == 0
    assert names(aws.changes) == ["dynamodb.update-table"]
    assert names(aws.calls).count("dynamodb.describe-table") == 3


def test_switches_point_in_time_recovery_on_where_it_is_wanted(aws, ttl, folder):
    def is_now(status):
        aws.answer("dynamodb.describe-continuous-backups", {"ContinuousBackupsDescription": {
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}})
    is_now("DISABLED")
    assert schema_load(aws).returncode == 0 and aws.changes == []
    assert schema_load(aws, "--backups").returncode == 0
    change, = aws.changes
    assert change.name == "dynamodb.update-continuous-backups"
    assert parsed_by_the_real_cli(change.words, folder) == ""
    is_now("ENABLED")
    assert schema_load(aws, "--backups").returncode == 0 and aws.changes == []
    aws.answer("dynamodb.describe-table", "ResourceNotFoundException")
    done = schema_load(aws, "--backups", "--dry-run")
    assert [words[6] for words in printed(done)] == [
        "create-table", "update-time-to-live", "update-continuous-backups"]


@pytest.mark.parametrize("changes, words", [
    ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}, "new image"),
    ({"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}, "not as they must be"),
    ({"GlobalSecondaryIndexes": []}, "not as they must be"),
])
def test_refuses_another_table(aws, ttl, changes, words):
    aws.answer("dynamodb.describe-table", table(**changes))
    done = schema_load(aws)
    assert done.returncode == 1 and words in done.stderr and aws.changes == []


def test_dry_run_prints_and_changes_nothing(aws, ttl):
    aws.answer("dynamodb.describe-table", "ResourceNotFoundException")
    done = schema_load(aws, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert [words[5:7] for words in printed(done)] == [
        ["dynamodb", "create-table"], ["dynamodb", "update-time-to-live"]]
    assert aws.changes == []


@pytest.mark.parametrize("options", ([], ["--dry-run"]))
def test_says_why_dynamodb_did_not_answer(aws, options):
    aws.answer("dynamodb.describe-table", "UnrecognizedClientException")
    done = schema_load(aws, *options)
    assert done.returncode == 1 and "UnrecognizedClient" in done.stderr and aws.changes == []


def test_never_means_the_real_account_by_accident(aws, ttl):
    done = schema_load(aws, env={"AWS_ENDPOINT_URL_DYNAMODB": ""})
    assert done.returncode == 1 and "--prod" in done.stderr and aws.calls == []
    assert schema_load(aws, "--prod").returncode == 0
    assert all(call.ignores_endpoints == "true" and "--endpoint-url" not in call.globals
               for call in aws.calls)


def test_help_is_given(aws):
    done = aws.run("ddb/schema-load", "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: scripts/ddb/schema-load")
    assert aws.calls == []


# --- Before DynamoDB Local --------------------------------------------------------------------


@pytest.fixture
def local(stack):
    """Runs the script on a table of its own; `describe` tells what became of it."""
    import boto3
    env = stack.env
    client = boto3.client("dynamodb", region_name=env["AWS_REGION"],
                          endpoint_url=env["AWS_ENDPOINT_URL_DYNAMODB"],
                          aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
                          aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"])
    name = f"made-{uuid.uuid4()}"

    class Local:
        @staticmethod
        def load(*options):
            return subprocess.run(
                [str(ROOT / "scripts" / "ddb" / "schema-load"), "--table", name, *options],
                env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False,
                stdin=subprocess.DEVNULL)

        @staticmethod
        def describe():
            return client.describe_table(TableName=name)["Table"]

        @staticmethod
        def switch_stream_off():
            client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})

    yield Local
    client.delete_table(TableName=name)


def keys(description):
    return {key["KeyType"]: key["AttributeName"] for key in description["KeySchema"]}


def test_the_table_is_the_contracts_and_usable_at_once(local):
    done = local.load()
    assert done.returncode == 0, done.stderr
    made = local.describe()
    index, = made["GlobalSecondaryIndexes"]
    assert keys(made) == {"HASH": "pk", "RANGE": "sk"}
    assert keys(index) == {"HASH": "message_group_uuid", "RANGE": "sk"}
    assert index["IndexName"] == "message-group-sk-index"
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert (made["TableStatus"], index["IndexStatus"]) == ("ACTIVE", "ACTIVE")
    assert made["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_a_provisioned_table_has_five_units_of_each(local):
    done = local.load("--provisioned")
    assert done.returncode == 0, done.stderr
    made = local.describe()
    for part in (made, *made["GlobalSecondaryIndexes"]):
        assert part["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
        assert part["ProvisionedThroughput"]["WriteCapacityUnits"] == 5


def test_repeating_it_keeps_the_stream_and_restores_a_lost_one(local):
    assert local.load().returncode == 0
    first = local.describe()["LatestStreamArn"]
    done = local.load("--quiet")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert local.describe()["LatestStreamArn"] == first
    local.switch_stream_off()
    assert local.load().returncode == 0
    assert local.describe()["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
