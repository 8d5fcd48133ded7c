# SPDX-License-Identifier: MIT
"""conf/aws: what each program may do in AWS, against what it has to do and what it must not."""
import json
import re

import pytest

import aws_scripts
import iam_policy

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/chat"
OTHER_TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/chats"
INDEX = f"{TABLE}/index/message-group-sk-index"
STREAM = f"{TABLE}/stream/2026-11-22T00:00:00.000"
POLICIES = ("worker-policy.json", "stream-policy.json", "lambda-policy.json")
WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")


def allows(name, *call):
    return iam_policy.allows(iam_policy.document(name), *call)


@pytest.mark.parametrize("name", (*POLICIES, "lambda-trust-policy.json"))
def test_every_action_is_one_that_aws_has(name):
    import botocore.session
    session = botocore.session.get_session()
    services = {"dynamodb": ("dynamodb", "dynamodbstreams"), "sqs": ("sqs",), "logs": ("logs",),
                "sts": ("sts",)}
    known = {f"{prefix}:{operation}" for prefix, models in services.items() for model in models
             for operation in session.get_service_model(model).operation_names}
    policy = iam_policy.document(name)
    assert policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        actions = set(iam_policy.many(statement["Action"]))
        assert actions and actions <= known, actions - known


@pytest.mark.parametrize("name", sorted(path.name for path in iam_policy.CONF.glob("*.json")))
def test_placeholders_are_known_and_explained(name):
    used = set(re.findall(r"\$\{([^}]*)\}", (iam_policy.CONF / name).read_text("utf-8")))
    readme = (iam_policy.CONF / "README.md").read_text("utf-8")
    assert used <= set(iam_policy.VALUES)
    assert name in readme
    assert all("${" + placeholder + "}" in readme for placeholder in used)


@pytest.mark.parametrize("name", POLICIES)
def test_nothing_beyond_the_one_table(name):
    for statement in iam_policy.document(name)["Statement"]:
        for resource in iam_policy.many(statement["Resource"]):
            assert resource.startswith("arn:aws:") and "123456789012" in resource, resource
    for action in ("dynamodb:GetItem", *WRITES):
        assert not allows(name, action, OTHER_TABLE, "GRP#1")


@pytest.mark.parametrize("name", POLICIES)
def test_nobody_may_change_the_table_itself(name):
    for action in ("dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:CreateTable",
                   "dynamodb:BatchWriteItem", "dynamodb:PartiQLDelete"):
        assert not allows(name, action, TABLE, "GRP#1")


@pytest.mark.parametrize("row", ("GRP#1", "MSG#1", "MBR#1", "PAIR#1#2", "IDM#1#key"))
def test_a_worker_adds_rows_of_every_kind_and_removes_none(row):
    assert allows("worker-policy.json", "dynamodb:PutItem", TABLE, row)
    assert not allows("worker-policy.json", "dynamodb:DeleteItem", TABLE, row)


def test_a_worker_changes_rows_that_say_what_was_read_and_no_others():
    for row in ("GRP#1", "MBR#1"):
        assert allows("worker-policy.json", "dynamodb:UpdateItem", TABLE, row)
    for row in ("MSG#1", "PAIR#1#2", "IDM#1#key", None):
        assert not allows("worker-policy.json", "dynamodb:UpdateItem", TABLE, row)


def test_a_worker_reads_single_partitions_only():
    for action in ("dynamodb:GetItem", "dynamodb:Query"):
        assert allows("worker-policy.json", action, TABLE, "MSG#1")
    assert allows("worker-policy.json", "dynamodb:DescribeTable", TABLE)  # --check
    assert not allows("worker-policy.json", "dynamodb:Scan", TABLE)
    assert not allows("worker-policy.json", "dynamodb:GetRecords", STREAM)


@pytest.mark.parametrize("name", ("stream-policy.json", "lambda-policy.json"))
def test_the_consumer_writes_group_and_member_rows_only(name):
    for action in WRITES:
        assert allows(name, action, TABLE, "GRP#1") and allows(name, action, TABLE, "MBR#1")
        for row in ("MSG#1", "PAIR#1#2", "IDM#1#key", "grp#1", "X-GRP#1"):
            assert not allows(name, action, TABLE, row), (action, row)
        assert not allows(name, action, TABLE, None), "a call that names no key passes ForAllValues"


@pytest.mark.parametrize("name", ("stream-policy.json", "lambda-policy.json"))
def test_the_consumer_reads_stream_table_and_index(name):
    for action in ("DescribeStream", "GetShardIterator", "GetRecords"):
        assert allows(name, f"dynamodb:{action}", STREAM)
    for action in ("dynamodb:GetItem", "dynamodb:Query"):
        assert allows(name, action, TABLE, "MSG#1")
    assert allows(name, "dynamodb:Query", INDEX, "a group's uuid")


def test_only_the_daemon_scans():
    assert allows("stream-policy.json", "dynamodb:Scan", TABLE)
    assert allows("stream-policy.json", "dynamodb:DescribeTable", TABLE)
    assert not allows("lambda-policy.json", "dynamodb:Scan", TABLE)


def test_the_function_may_log_and_set_aside_in_its_own_places():
    own = "arn:aws:sqs:eu-central-1:123456789012:mover-failures"
    log = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/mover:log-stream:1"
    assert allows("lambda-policy.json", "sqs:SendMessage", own)
    assert not allows("lambda-policy.json", "sqs:SendMessage", own + "2")
    assert allows("lambda-policy.json", "logs:PutLogEvents", log)
    assert not allows("lambda-policy.json", "logs:PutLogEvents", log.replace("/mover:", "/mover2:"))


def test_only_lambda_takes_the_functions_role():
    statement, = iam_policy.document("lambda-trust-policy.json")["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def record(event, pk):
    image = {"pk": {"S": pk}, "sk": {"S": "2026"}, "message": {"S": "MSG#"}}
    return {"eventName": event, "dynamodb": {
        "Keys": {"pk": {"S": pk}}, "OldImage" if event == "REMOVE" else "NewImage": image}}


def test_the_filter_lets_new_and_changed_messages_through_and_nothing_else():
    pattern, = iam_policy.document("lambda-mapping.json")["FilterCriteria"]["Filters"]
    pattern = json.loads(pattern["Pattern"])
    # Lambda's mappings of DynamoDB streams filter by this member only.
    assert set(pattern) == {"dynamodb"}
    assert iam_policy.passes(pattern, record("INSERT", "MSG#1"))
    assert iam_policy.passes(pattern, record("MODIFY", "MSG#1"))
    assert not iam_policy.passes(pattern, record("REMOVE", "MSG#1"))
    for other in ("GRP#1", "MBR#1", "PAIR#1#2", "IDM#1#k"):
        assert not iam_policy.passes(pattern, record("INSERT", other))


def test_no_record_is_given_up_early_and_none_blocks_its_shard_for_a_day():
    mapping = iam_policy.document("lambda-mapping.json")
    assert mapping["MaximumRetryAttempts"] == -1
    assert 600 <= mapping["MaximumRecordAgeInSeconds"] < 86400
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(":mover-failures")


def test_the_aws_cli_takes_the_mapping(folder):
    assert aws_scripts.AWS, "the AWS CLI is not installed"
    mapping = iam_policy.document("lambda-mapping.json")

    def verdict(changes):
        (folder / "mapping.json").write_text(json.dumps({**mapping, **changes}), "utf-8")
        return aws_scripts.parsed_by_the_real_cli(
            ["lambda", "create-event-source-mapping", "--cli-input-json", "file://mapping.json"],
            folder)

    assert verdict({}) == ""
    assert "BatchSize" in verdict({"BatchSize": "many"})
    assert "MaximumRecordAge" in verdict({"MaximumRecordAge": 60})
    assert "MaximumRetryAttempts" in verdict({"MaximumRetryAttempts": -2})
