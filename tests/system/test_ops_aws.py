# SPDX-License-Identifier: MIT
"""The scripts for AWS services that cannot be reached here: the calls they make, held against the real AWS CLI."""
import json
import shlex

import pytest

import ops
from aws_scripts import ACCOUNT, ENDPOINT, IDENTITY, AwsScripts, names, parsed_by_the_real_cli, printed, table

VPC, TABLES = "vpc-0a1b2c", ["rtb-01", "rtb-02"]
SERVICE = "com.amazonaws.eu-central-1.dynamodb"
NOBODY = "00000000-0000-4000-8000-000000000001"
REGION = {"AWS_REGION": "eu-central-1"}
GROUP, RULE = "sg-0123", "sgr-0456"


@pytest.fixture
def aws(folder):
    return AwsScripts(folder)


def accepted(calls, folder):
    """The real AWS CLI takes all of these calls."""
    return ops.at_once([lambda c=call: parsed_by_the_real_cli(c.words, folder)
                        for call in calls]) == [""] * len(calls)


# --- The endpoint for DynamoDB in a VPC -------------------------------------------------------------


@pytest.fixture
def vpc(aws):
    aws.answer("ec2.describe-route-tables", {"RouteTables": [
        {"RouteTableId": name, "VpcId": VPC} for name in TABLES]})
    aws.answer("ec2.describe-vpc-endpoints", {"VpcEndpoints": []})
    aws.answer("ec2.create-vpc-endpoint", {"VpcEndpoint": {"VpcEndpointId": "vpce-1"}})
    return aws


def create_endpoint(aws, *options, env=None):
    chosen = [word for name in TABLES for word in ("--route-table-id", name)]
    return aws.run("aws/create-vpc-endpoint", "--vpc-id", VPC, *chosen, "--region", "eu-central-1",
                   *options, env=env)


def test_a_gateway_endpoint_is_made_on_the_chosen_route_tables(vpc, folder):
    done = create_endpoint(vpc, "--prod")
    assert (done.returncode, done.stdout) == (0, "vpce-1\n"), done.stderr
    change, = vpc.changes
    assert change.name == "ec2.create-vpc-endpoint" and change.arguments == [
        "--vpc-id", VPC, "--vpc-endpoint-type", "Gateway", "--service-name", SERVICE,
        "--route-table-ids", *TABLES]
    assert accepted(vpc.calls, folder)


def test_an_endpoint_that_is_there_gets_the_tables_that_it_lacks(vpc, folder):
    vpc.answer("ec2.describe-vpc-endpoints", {"VpcEndpoints": [
        {"VpcEndpointId": "vpce-0", "State": "deleted", "RouteTableIds": TABLES},
        {"VpcEndpointId": "vpce-9", "State": "available", "RouteTableIds": ["rtb-99", TABLES[0]]}]})
    done = create_endpoint(vpc, "--prod")
    assert done.stdout == "vpce-9\n"
    change, = vpc.changes
    assert change.name == "ec2.modify-vpc-endpoint" and change.arguments == [
        "--vpc-endpoint-id", "vpce-9", "--add-route-table-ids", TABLES[1]]
    assert accepted([change], folder)
    vpc.answer("ec2.describe-vpc-endpoints", {"VpcEndpoints": [
        {"VpcEndpointId": "vpce-9", "State": "Available", "RouteTableIds": ["rtb-99", *TABLES]}]})
    assert create_endpoint(vpc, "--prod").stdout == "vpce-9\n" and vpc.changes == []


def test_a_route_table_of_another_vpc_is_refused(vpc):
    vpc.answer("ec2.describe-route-tables", {"RouteTables": [
        {"RouteTableId": TABLES[0], "VpcId": VPC}, {"RouteTableId": TABLES[1], "VpcId": "vpc-ff"}]})
    done = create_endpoint(vpc, "--prod")
    assert done.returncode == 1 and f"not a route table of {VPC}: {TABLES[1]}" in done.stderr
    assert vpc.changes == []


@pytest.mark.parametrize("environment", [{}, {"AWS_REGION": "us-west-2"}])
def test_an_endpoint_is_made_where_a_file_of_settings_says(vpc, folder, environment):
    """A variable of the script had the name of the library's: what was read was evaluated."""
    settings = folder / "settings"
    settings.write_text("AWS_REGION=eu-central-1\nAWS_ACCESS_KEY_ID='a[$(touch here)]'\n"
                        "AWS_SECRET_ACCESS_KEY=x\n", "ascii")
    tables = [word for name in TABLES for word in ("--route-table-id", name)]
    done = vpc.run("aws/create-vpc-endpoint", "--vpc-id", VPC, *tables, "--prod",
                   "--env-file", str(settings), env=environment)
    assert (done.returncode, done.stdout) == (0, "vpce-1\n"), done.stderr
    assert "eu-central-1" in done.stderr and not (folder / "here").exists()


@pytest.mark.parametrize("options", [
    [], ["--vpc-id", VPC], ["--route-table-id", "rtb-1"], ["--vpc-id", VPC, "--route-table-id", "1"],
    ["--vpc-id", "x", "--route-table-id", "rtb-1"], ["--vpc-id"]])
def test_an_endpoint_wants_a_vpc_and_route_tables(aws, options):
    done = aws.run("aws/create-vpc-endpoint", "--prod", *options)
    assert done.returncode == 1 and aws.calls == [] and len(done.stderr.splitlines()) <= 2


# --- The database's security group ------------------------------------------------------------------


@pytest.fixture
def rule(aws):
    def is_now(**changes):
        aws.answer("ec2.describe-security-group-rules", {"SecurityGroupRules": [{
            "SecurityGroupRuleId": RULE, "IsEgress": False, "IpProtocol": "tcp", "FromPort": 5432,
            "ToPort": 5432, "CidrIpv4": "192.0.2.1/32", "Description": "office", **changes}]})
    is_now()
    aws.is_now = is_now
    return aws


def update_rule(aws, *options, env=None):
    return aws.run("rds/update-sg-rule", "--description", "office", "--region", "eu-central-1", "--yes", *options,
                   env={"DB_SG_ID": GROUP, "DB_SG_RULE_ID": RULE, **(env or {})})


def test_a_rule_is_pointed_at_the_address(rule, folder):
    done = update_rule(rule, "--prod", "--ip", "198.51.100.7")
    assert done.returncode == 0 and "no longer 192.0.2.1/32" in done.stderr, done.stderr
    change, = rule.changes
    assert change.name == "ec2.modify-security-group-rules" and change.option("--group-id") == GROUP
    assert change.json("--security-group-rules") == [{
        "SecurityGroupRuleId": RULE, "SecurityGroupRule": {
            "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "198.51.100.7/32",
            "Description": "office"}}]
    assert accepted(rule.calls, folder)


def test_a_rule_that_is_right_stays(rule):
    done = update_rule(rule, "--prod", "--ip", "192.0.2.1")
    assert done.returncode == 0 and "already" in done.stderr and rule.changes == []


def test_the_address_is_asked_for_if_it_is_not_given(rule, folder):
    (folder / "bin" / "curl").write_text("#!/bin/sh\necho 203.0.113.9\n", "utf-8")
    (folder / "bin" / "curl").chmod(0o755)
    assert update_rule(rule, "--prod").returncode == 0
    assert rule.changes[0].json("--security-group-rules")[0]["SecurityGroupRule"][
        "CidrIpv4"] == "203.0.113.9/32"
    for answer in ("echo '<html>'", "echo 0.0.0.0", "echo 1.2.3.4.5", "exit 6"):
        (folder / "bin" / "curl").write_text(f"#!/bin/sh\n{answer}\n", "utf-8")
        done = update_rule(rule, "--prod")
        assert done.returncode == 1 and rule.changes == [], answer


@pytest.mark.parametrize("options", [
    ["--ip", "300.1.1.1"], ["--ip", "0.0.0.0"], ["--ip", "1.2.3.4/0"], ["--ip", "::1"], ["--port", "0"],
    ["--port", "x"], ["--group-id", "x"], ["--rule-id", "sg-1"], ["--description", "a\nb"]])
def test_nonsense_about_a_rule_is_refused(rule, options):
    done = update_rule(rule, "--prod", "--ip", "192.0.2.9", *options)
    assert done.returncode == 1 and rule.changes == [] and len(done.stderr.splitlines()) <= 2


def test_the_real_rule_is_changed_after_its_id_was_typed_back(rule):
    rule.answer("sts.get-caller-identity", IDENTITY)
    done = rule.run("rds/update-sg-rule", "--prod", "--group-id", GROUP, "--rule-id", RULE, "--ip", "192.0.2.9",
                    "--region", "eu-central-1")
    assert done.returncode == 1 and f"account {ACCOUNT}, eu-central-1" in done.stderr, done.stderr
    assert f"Type {RULE} to go on" in done.stderr and "192.0.2.1/32" in done.stderr and rule.changes == []


@pytest.mark.parametrize("changes", [
    {"CidrIpv4": None, "ReferencedGroupInfo": {"GroupId": "sg-77"}}, {"CidrIpv4": "10.0.0.0/8"},
    {"CidrIpv4": None, "CidrIpv6": "2001:db8::/64"}, {"CidrIpv4": None, "PrefixListId": "pl-1"},
    {"FromPort": 22, "ToPort": 22}, {"ToPort": 6000}, {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1},
    {"IpProtocol": "udp"}])
def test_a_rule_that_lets_in_more_than_an_address_is_left(rule, changes):
    rule.is_now(**changes)
    done = update_rule(rule, "--prod", "--ip", "192.0.2.9")
    assert done.returncode == 1 and "no rule for one address on port 5432" in done.stderr and rule.changes == []


def test_a_rule_of_another_kind_is_refused(rule):
    rule.is_now(IsEgress=True)
    assert "goes out" in update_rule(rule, "--prod", "--ip", "192.0.2.9").stderr
    rule.answer("ec2.describe-security-group-rules", {"SecurityGroupRules": []})
    assert "has no rule" in update_rule(rule, "--prod", "--ip", "192.0.2.9").stderr
    assert rule.changes == []


# --- What they have in common -----------------------------------------------------------------------


def test_dry_runs_print_the_change_and_make_none(vpc, rule):
    done = create_endpoint(vpc, "--prod", "--dry-run")
    (words,), changes = printed(done), vpc.changes
    assert words[words.index("ec2") + 1] == "create-vpc-endpoint" and changes == []
    done = update_rule(rule, "--prod", "--dry-run", "--ip", "198.51.100.7")
    (words,), changes = printed(done), rule.changes
    assert json.loads(words[-1])[0]["SecurityGroupRuleId"] == RULE and changes == []
    rule.answer("dynamodb.describe-table", table(StreamSpecification={"StreamEnabled": False}))
    done = rule.run("ddb/drop", "--prod", "--dry-run", "--table", "chat", env=REGION)
    assert printed(done)[0][-4:] == ["dynamodb", "delete-table", "--table-name", "chat"]
    assert rule.changes == []
    done = rule.run("aws/enable-stream", "--prod", "--dry-run", env=REGION)
    (words,), changes = printed(done), rule.changes
    assert words[-1] == "StreamEnabled=true,StreamViewType=NEW_IMAGE" and changes == []


def test_a_stream_is_switched_on_once(aws):
    aws.answer("dynamodb.describe-table", table(StreamSpecification={"StreamEnabled": False}), table())
    done = aws.run("aws/enable-stream", "--prod", env=REGION)
    assert done.returncode == 0 and done.stdout.startswith("arn:aws:dynamodb:"), done.stderr
    assert names(aws.changes) == ["dynamodb.update-table"]
    assert aws.run("aws/enable-stream", "--prod", env=REGION).returncode == 0 and aws.changes == []
    aws.answer("dynamodb.describe-table", table(
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
    assert "new image" in aws.run("aws/enable-stream", "--prod", env=REGION).stderr and aws.changes == []


def test_lists_go_on_until_there_is_no_more(aws, folder):
    aws.answer("dynamodb.list-tables", {"TableNames": ["one", "two"], "LastEvaluatedTableName": "two"},
               {"TableNames": [], "LastEvaluatedTableName": "twos"}, {"TableNames": ["zoo"]})
    assert aws.run("ddb/list-tables", "--endpoint-url", ENDPOINT).stdout == "one\ntwo\nzoo\n"
    assert [call.option("--exclusive-start-table-name") for call in aws.calls] == [
        None, "two", "twos"]
    lists = aws.calls[1:2]
    aws.answer("cognito-idp.list-users", {"Users": [{"Username": "a"}], "PaginationToken": "t"},
               {"Users": [{"Username": "b", "Attributes": [{"Name": "sub", "Value": "s"}]}]})
    done = aws.run("cognito/list-users", "--pool", "us-east-1_x", "--endpoint-url", ENDPOINT)
    assert [line.split("\t")[:3] for line in done.stdout.splitlines()] == [["a", "-", "-"], ["b", "-", "s"]]
    lists += aws.calls[1:2]
    key = {"pk": {"S": "a'b"}, "sk": {"S": "c"}}
    aws.answer("dynamodb.scan", {"Items": [key], "LastEvaluatedKey": key}, {"Items": []})
    assert aws.run("ddb/scan", "--page-size", "1", "--endpoint-url", ENDPOINT).returncode == 0
    assert aws.calls[1].json("--exclusive-start-key") == key
    lists += aws.calls[1:2]
    assert len(lists) == 3 and accepted(lists, folder)


def test_a_scan_that_breaks_off_says_where_to_go_on(aws):
    key = {"pk": {"S": "a'b"}, "sk": {"S": "c"}}
    aws.answer("dynamodb.scan", {"Items": [key], "LastEvaluatedKey": key}, "ProvisionedThroughputExceededException")
    done = aws.run("ddb/scan", "--quiet", "--endpoint-url", ENDPOINT)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 1
    start = shlex.split(done.stderr.partition("--start ")[2])[0]
    assert json.loads(start) == key and done.stderr.count("there is no table") == 0
    aws.answer("dynamodb.scan", {"Items": [key]})
    assert aws.run("ddb/scan", "--start", start, "--endpoint-url", ENDPOINT).returncode == 0
    aws.answer("dynamodb.scan", "ProvisionedThroughputExceededException")
    assert "--start" not in aws.run("ddb/scan", "--endpoint-url", ENDPOINT).stderr


def test_what_strangers_wrote_does_not_steer_a_terminal(aws):
    bad = "\x1b[2J\u009b1m\x7f\u202eabc\u2028"
    aws.answer("cognito-idp.list-users", {"Users": [{"Username": bad, "Attributes": [
        {"Name": "preferred_username", "Value": f"{bad}\t\n\r\\é😀"}]}]})
    aws.answer("dynamodb.scan", {"Items": [{"pk": {"S": bad}}]})
    aws.answer("dynamodb.query", {"Items": [{"sk": {"S": "t"}, "message": {"S": bad}}]})
    pool = ["--pool", "us-east-1_x", "--endpoint-url", ENDPOINT]
    for script, *options in (("cognito/list-users", *pool), ("cognito/list-users", "--json", *pool),
                             ("ddb/scan", "--endpoint-url", ENDPOINT),
                             ("ddb/patterns/get-conversation", "--endpoint-url", ENDPOINT, NOBODY),
                             ("ddb/patterns/list-conversations", "--endpoint-url", ENDPOINT, NOBODY)):
        done = aws.run(script, *options)
        assert done.returncode == 0, done.stderr
        assert "\\u001b[2J\\u009b1m\\u007f\\u202eabc\\u2028" in done.stdout, (script, done.stdout)
        assert not set("\x1b\u009b\x7f\u202e\u2028") & set(done.stdout) and done.stdout.count("\n") == 1
    assert json.loads(aws.run("cognito/list-users", "--json", *pool).stdout)["username"] == bad
    assert "\\t\\n\\r\\\\é😀" in aws.run("cognito/list-users", *pool).stdout


@pytest.mark.parametrize("script", ["aws/create-vpc-endpoint", "rds/update-sg-rule"])
def test_a_refusal_ends_it_in_one_line(vpc, rule, script):
    for name in ("ec2.describe-route-tables", "ec2.describe-security-group-rules"):
        vpc.answer(name, "UnauthorizedOperation")
    run = create_endpoint if script.startswith("aws") else update_rule
    done = run(vpc, "--prod", *(["--ip", "192.0.2.9"] if run is update_rule else []))
    assert done.returncode == 1 and done.stderr.count("Unauthorized") == 1 and vpc.changes == []
