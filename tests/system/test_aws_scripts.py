# SPDX-License-Identifier: MIT
"""scripts/aws/deploy-lambda before a stand-in for the AWS CLI, which notes every call."""
import base64
import hashlib
import json
import os
import shutil
import zipfile

import pytest

import aws_scripts
from aws_scripts import (ACCOUNT, ENDPOINT, IDENTITY, STREAM_ARN, TABLE_ARN, AwsScripts, names,
                         parsed_by_the_real_cli, printed, table)

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
NO_FUNCTION = "ResourceNotFoundException"
CANNOT_ASSUME = ("InvalidParameterValueException) The role defined for the function cannot be "
                 "assumed by Lambda.")
CANNOT_READ = ("InvalidParameterValueException) Cannot access stream. Please ensure the role can "
               "perform the GetRecords actions")
FIRST = ["sqs.create-queue", "logs.create-log-group", "logs.put-retention-policy",
         "iam.create-role", "iam.put-role-policy", "lambda.create-function",
         "lambda.create-event-source-mapping"]


def mappings(*found):
    return {"EventSourceMappings": list(found)}


def pack(folder, content):
    """function.zip with one file; returns Lambda's checksum of it."""
    with zipfile.ZipFile(folder / "function.zip", "w") as packed:
        packed.writestr(zipfile.ZipInfo("bootstrap"), content)
    digest = hashlib.sha256((folder / "function.zip").read_bytes()).digest()
    return base64.b64encode(digest).decode("ascii")


@pytest.fixture
def aws(folder):
    """An account that holds the table and nothing else."""
    made = AwsScripts(folder)
    made.answer("sts.get-caller-identity", IDENTITY)
    made.answer("dynamodb.describe-table", table())
    made.answer("sqs.get-queue-url", NO_QUEUE)
    made.answer("logs.describe-log-groups", {"logGroups": []})
    made.answer("iam.get-role", "NoSuchEntity")
    made.answer("lambda.get-function", NO_FUNCTION)
    made.answer("lambda.list-event-source-mappings", mappings(),
                mappings({"State": "Creating"}), mappings({"State": "Enabled"}))
    made.sum = pack(folder, "one")
    return made


def deploy(aws, *options, env=None):
    return aws.run("aws/deploy-lambda", "--zip", "function.zip", "--region", "us-east-1", *options,
                   env={"AWS_ENDPOINT_URL": ENDPOINT, **(env or {})})


@pytest.fixture
def deployed(aws):
    """The account after a first deployment: what was said to it is what it answers now."""
    done = deploy(aws)
    assert done.returncode == 0, done.stderr
    made = {call.name: call for call in aws.changes}
    settings = made["lambda.create-function"].json("--cli-input-json")
    aws.function = {
        "Configuration": {
            "FunctionName": "cruddur-stream", "State": "Active", "LastUpdateStatus": "Successful",
            "CodeSha256": aws.sum, **settings},
        "Code": {"Location": "somewhere"}}
    aws.mapping = {"UUID": "14e0db71", "State": "Enabled", "FunctionArn": "an arn",
                   **made["lambda.create-event-source-mapping"].json("--cli-input-json")}
    aws.answer("sqs.get-queue-url", {"QueueUrl": "https://queue"})
    aws.answer("sqs.get-queue-attributes", {"Attributes": {"MessageRetentionPeriod": "1209600"}})
    aws.answer("logs.describe-log-groups", {"logGroups": [
        {"logGroupName": "/aws/lambda/cruddur-stream-2"},
        {"logGroupName": "/aws/lambda/cruddur-stream", "retentionInDays": 30}]})
    aws.answer("iam.get-role", {"Role": {
        "AssumeRolePolicyDocument": made["iam.create-role"].json("--assume-role-policy-document")}})
    aws.answer("iam.get-role-policy", {
        "PolicyDocument": made["iam.put-role-policy"].json("--policy-document")})
    aws.answer("lambda.get-function", aws.function)
    aws.answer("lambda.list-event-source-mappings", mappings(aws.mapping))
    return aws


# --- A first deployment -----------------------------------------------------------------------


def test_first_deployment_makes_everything_in_the_order_of_need(aws):
    done = deploy(aws)
    assert done.returncode == 0, done.stderr
    assert names(aws.changes) == FIRST
    said = names(aws.calls)
    assert aws.calls[said.index("lambda.wait")].arguments == [
        "function-active-v2", "--function-name", "cruddur-stream"]
    assert said.index("lambda.create-function") < said.index("lambda.wait")
    assert said.index("lambda.wait") < said.index("lambda.create-event-source-mapping")
    assert names(aws.calls)[-2:] == ["lambda.list-event-source-mappings"] * 2, "it did not wait"
    assert all("--endpoint-url" in call.globals for call in aws.calls)


def test_first_deployment_says_what_the_function_is(aws):
    deploy(aws, "--table", "chat", "--function", "mover", "--log-level", "debug")
    made = {call.name: call for call in aws.changes}
    function = made["lambda.create-function"]
    settings = function.json("--cli-input-json")
    assert function.option("--function-name") == "mover"
    assert function.option("--architectures") == "x86_64"
    assert function.option("--zip-file") == "fileb://function.zip"
    assert (settings["Runtime"], settings["Handler"]) == ("provided.al2023", "bootstrap")
    assert settings["Role"] == f"arn:aws:iam::{ACCOUNT}:role/mover-lambda"
    assert settings["Environment"]["Variables"] == {
        "CRUDDUR_MESSAGES_TABLE": "chat", "CRUDDUR_LOG_LEVEL": "debug"}
    mapping = made["lambda.create-event-source-mapping"].json("--cli-input-json")
    assert (mapping["FunctionName"], mapping["EventSourceArn"]) == ("mover", STREAM_ARN)
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert made["sqs.create-queue"].option("--queue-name") == "mover-failures"
    assert "${" not in json.dumps([call.arguments for call in aws.calls])


def test_the_real_aws_cli_takes_every_call_of_a_first_deployment(aws, folder):
    assert aws_scripts.AWS, "the AWS CLI is not installed"
    deploy(aws, "--concurrency", "8")
    assert names(aws.changes) == FIRST[:-1] + ["lambda.put-function-concurrency", FIRST[-1]]
    for call in aws.changes:
        assert parsed_by_the_real_cli(call.words, folder) == "", call


def test_a_role_that_lambda_does_not_know_yet_is_waited_for(aws):
    aws.answer("lambda.create-function", CANNOT_ASSUME, {})
    aws.answer("lambda.create-event-source-mapping", CANNOT_READ, {})
    done = deploy(aws)
    assert done.returncode == 0, done.stderr
    assert names(aws.changes).count("lambda.create-function") == 2
    assert names(aws.changes).count("lambda.create-event-source-mapping") == 2


def test_any_other_refusal_ends_it(aws):
    aws.answer("lambda.create-function", "CodeStorageExceededException")
    done = deploy(aws)
    assert done.returncode != 0 and "CodeStorageExceeded" in done.stderr
    assert names(aws.changes)[-1] == "lambda.create-function"


def test_a_mapping_that_cannot_be_looked_at_ends_it(aws):
    aws.answer("lambda.list-event-source-mappings", mappings(), "AccessDeniedException")
    done = deploy(aws)
    assert done.returncode == 1 and done.stderr.count("AccessDenied") == 1, done.stderr


# --- Another deployment -----------------------------------------------------------------------


def test_repeated_deployment_changes_nothing(deployed):
    done = deploy(deployed)
    assert done.returncode == 0, done.stderr
    assert deployed.changes == []


def test_new_code_is_uploaded_and_waited_for(deployed, folder):
    pack(folder, "another")
    assert deploy(deployed).returncode == 0
    assert names(deployed.changes) == ["lambda.update-function-code"]
    said = names(deployed.calls)
    after = deployed.calls[said.index("lambda.update-function-code") + 1]
    assert after.arguments[0] == "function-updated-v2"
    assert parsed_by_the_real_cli(deployed.changes[0].words, folder) == ""


def test_changed_settings_keep_the_operators_own_variables(deployed, folder):
    """They may be secret: no argument, which all on the host can read, and no output has them."""
    deployed.function["Configuration"]["Environment"]["Variables"]["KEY"] = "s3cret"
    deployed.answer("lambda.get-function", deployed.function)
    assert deploy(deployed).returncode == 0 and deployed.changes == []
    done = deploy(deployed, "--log-level", "warn")
    assert done.returncode == 0 and "s3cret" not in done.stdout + done.stderr
    change, = deployed.changes
    assert change.name == "lambda.update-function-configuration"
    assert not any("s3cret" in word for call in deployed.calls for word in call.words)
    document, = change.files
    assert document["mode"] == 0o600 and json.loads(document["text"])["Variables"] == {
        "CRUDDUR_MESSAGES_TABLE": "cruddur-messages", "CRUDDUR_LOG_LEVEL": "warn", "KEY": "s3cret"}
    (folder / "environment").write_text(document["text"], "utf-8")
    assert not os.path.exists(document["path"])
    words = [f"file://{folder}/environment" if word.startswith("file://") else word for word in change.words]
    assert parsed_by_the_real_cli(words, folder) == ""
    dry = deploy(deployed, "--log-level", "warn", "--dry-run")
    assert "s3cret" not in dry.stdout + dry.stderr and deployed.changes == []
    assert printed(dry)[0][-2:] == ["--environment", "file://environment.json"]


def test_what_a_function_has_is_never_an_argument_of_any_program(deployed, folder):
    """jq's arguments, too, can be read by everybody."""
    (folder / "bin" / "jq").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >>{folder}/jq-arguments\nexec {shutil.which("jq")} "$@"\n', "utf-8")
    (folder / "bin" / "jq").chmod(0o755)
    deployed.function["Configuration"]["Environment"]["Variables"]["KEY"] = "s3cret"
    deployed.answer("lambda.get-function", deployed.function)
    assert deploy(deployed, "--log-level", "warn").returncode == 0
    assert "s3cret" not in (folder / "jq-arguments").read_text("utf-8")


def test_an_update_under_way_is_waited_for_first(deployed, folder):
    deployed.function["Configuration"]["LastUpdateStatus"] = "InProgress"
    deployed.answer("lambda.get-function", deployed.function)
    pack(folder, "another")
    assert deploy(deployed).returncode == 0
    said = names(deployed.calls)
    assert said.index("lambda.wait") < said.index("lambda.update-function-code")


def test_a_mapping_that_differs_is_updated(deployed, folder):
    deployed.answer("lambda.list-event-source-mappings",
                    mappings({**deployed.mapping, "MaximumRecordAgeInSeconds": -1}))
    assert deploy(deployed).returncode == 0
    change, = deployed.changes
    assert change.name == "lambda.update-event-source-mapping"
    assert change.option("--uuid") == "14e0db71"
    wanted = change.json("--cli-input-json")
    assert wanted["MaximumRecordAgeInSeconds"] == 3600
    assert not {"StartingPosition", "EventSourceArn", "Enabled"} & set(wanted)
    assert parsed_by_the_real_cli(change.words, folder) == ""


def test_a_mapping_of_an_older_stream_is_left_and_told_of(deployed):
    old = {**deployed.mapping, "UUID": "0ld",
           "EventSourceArn": f"{TABLE_ARN}/stream/2020-01-01T00:00:00.000"}
    deployed.answer("lambda.list-event-source-mappings",
                    mappings(old), mappings({"State": "Enabled"}))
    done = deploy(deployed)
    assert done.returncode == 0, done.stderr
    assert names(deployed.changes) == ["lambda.create-event-source-mapping"]
    assert "delete-event-source-mapping --uuid 0ld" in done.stderr


def test_a_disabled_mapping_stays_disabled(deployed):
    deployed.answer("lambda.list-event-source-mappings",
                    mappings({**deployed.mapping, "State": "Disabled", "BatchSize": 1}))
    done = deploy(deployed)
    assert names(deployed.changes) == ["lambda.update-event-source-mapping"]
    assert "disabled" in done.stderr


def test_a_missing_role_is_made_again(deployed):
    deployed.answer("iam.get-role", "NoSuchEntity")
    assert deploy(deployed).returncode == 0
    assert names(deployed.changes) == ["iam.create-role", "iam.put-role-policy"]


def test_what_somebody_widened_is_narrowed_again(deployed, folder):
    deployed.answer("iam.get-role-policy", {"PolicyDocument": {"Statement": [{"Action": "*"}]}})
    deployed.answer("iam.get-role", {"Role": {"AssumeRolePolicyDocument": {"Statement": []}}})
    assert deploy(deployed).returncode == 0
    assert names(deployed.changes) == ["iam.update-assume-role-policy", "iam.put-role-policy"]
    for change in deployed.changes:
        assert parsed_by_the_real_cli(change.words, folder) == ""


def test_queue_and_log_are_kept_as_long_as_they_should_be(deployed, folder):
    deployed.answer("sqs.get-queue-attributes",
                    {"Attributes": {"MessageRetentionPeriod": "345600"}})
    deployed.answer("logs.describe-log-groups",
                    {"logGroups": [{"logGroupName": "/aws/lambda/cruddur-stream"}]})
    assert deploy(deployed).returncode == 0
    assert names(deployed.changes) == ["sqs.set-queue-attributes", "logs.put-retention-policy"]
    for change in deployed.changes:
        assert parsed_by_the_real_cli(change.words, folder) == ""


def test_concurrency_is_set_when_it_differs(deployed):
    deployed.function["Concurrency"] = {"ReservedConcurrentExecutions": 8}
    deployed.answer("lambda.get-function", deployed.function)
    assert deploy(deployed, "--concurrency", "8").returncode == 0 and deployed.changes == []
    assert deploy(deployed, "--concurrency", "9").returncode == 0
    assert names(deployed.changes) == ["lambda.put-function-concurrency"]


# --- Dry runs, and the real account -----------------------------------------------------------


def said_by(calls):
    return [["aws", *call.globals[:call.globals.index("--output")], *call.words] for call in calls]


def test_dry_run_prints_what_a_first_deployment_does_and_does_none_of_it(aws):
    dry = deploy(aws, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert aws.changes == [] and "lambda.wait" not in names(aws.calls)
    aws.answer("lambda.list-event-source-mappings", mappings(), mappings({"State": "Enabled"}))
    assert deploy(aws).returncode == 0
    assert names(aws.changes) == FIRST
    assert printed(dry) == said_by(aws.changes)


def test_dry_run_of_an_account_without_the_function(aws):
    aws.answer("lambda.list-event-source-mappings", NO_FUNCTION)
    dry = deploy(aws, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert [".".join(words[5:7]) for words in printed(dry)] == FIRST


def test_dry_run_of_a_repeated_deployment_prints_updates_only(deployed, folder):
    pack(folder, "another")
    dry = deploy(deployed, "--dry-run")
    assert dry.returncode == 0 and deployed.changes == []
    assert [words[5:7] for words in printed(dry)] == [["lambda", "update-function-code"]]


def test_dry_run_without_any_account_prints_a_first_deployment(aws):
    aws.answer("sts.get-caller-identity", "ExpiredToken")
    dry = deploy(aws, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert names(aws.calls) == ["sts.get-caller-identity"]
    assert [".".join(words[5:7]) for words in printed(dry)] == FIRST
    assert "no account" in dry.stderr


def test_without_an_account_nothing_is_deployed(aws):
    aws.answer("sts.get-caller-identity", "ExpiredToken")
    done = deploy(aws)
    assert done.returncode == 1 and "ExpiredToken" in done.stderr and aws.changes == []


def test_the_real_account_is_never_meant_by_accident(aws):
    done = deploy(aws, env={"AWS_ENDPOINT_URL": ""})
    assert done.returncode == 1 and "--prod" in done.stderr and aws.calls == []
    done = deploy(aws, "--prod")
    assert done.returncode == 1 and "--yes" in done.stderr and aws.changes == []
    assert f"in account {ACCOUNT}, us-east-1, as arn:aws:iam::{ACCOUNT}:user/op." in done.stderr


def test_the_real_account_is_used_whatever_endpoint_is_set(aws):
    done = deploy(aws, "--prod", "--yes")
    assert done.returncode == 0, done.stderr
    assert names(aws.changes) == FIRST
    assert all("--endpoint-url" not in call.globals for call in aws.calls)
    assert all(call.ignores_endpoints == "true" for call in aws.calls)


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options, words", [
    (["--frob"], "no such option: --frob"),
    (["--table"], "--table wants a value"),
    (["--table", "a b"], "no name of a table"),
    (["--function", "a/b"], "no name of a function"),
    (["--function", "f" * 58], "no name of a function"),
    (["--log-level", "loud"], "no log level"),
    (["--concurrency", "-1"], "wants a number"),
    (["--region", "us_east"], "no region"),
    (["--zip", "none.zip"], "no such file: none.zip"),
])
def test_wrong_options_are_refused_before_anything_is_called(aws, options, words):
    done = deploy(aws, *options)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert aws.changes == []


def test_without_a_package_nothing_is_called(aws, folder):
    done = aws.run("aws/deploy-lambda",
                   env={"AWS_ENDPOINT_URL": ENDPOINT, "CRUDDUR_BUILD_DIR": str(folder)})
    assert done.returncode == 1 and f"no such file: {folder}/bootstrap.zip" in done.stderr
    assert "package-lambda" in done.stderr and aws.calls == []


@pytest.mark.parametrize("description, words", [
    ("ResourceNotFoundException", "there is no table cruddur-messages"),
    (table(StreamSpecification={"StreamEnabled": False}), "no stream with new images"),
    (table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
     "no stream with new images"),
    ("AccessDeniedException", "AccessDenied"),
])
def test_a_table_without_a_usable_stream_is_refused(aws, description, words):
    aws.answer("dynamodb.describe-table", description)
    done = deploy(aws)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert aws.changes == []


def test_help_is_given(aws):
    done = aws.run("aws/deploy-lambda", "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: scripts/aws/deploy-lambda")
    assert aws.calls == []
