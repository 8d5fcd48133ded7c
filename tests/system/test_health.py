# SPDX-License-Identifier: MIT
"""GET /api/health-check and GET /api/ready. What faults do to other routes is in test_faults.py."""
import subprocess

import expect
import processes


def test_health_check_says_success_and_the_version(site, stack):
    answer = expect.ok(site.get("/api/health-check"))
    shown = subprocess.run(processes.command(stack.binary) + ["--version"], check=True,
                           capture_output=True, text=True).stdout
    assert answer.json()["success"] is True
    assert answer.json()["ver"] and answer.json()["ver"] in shown
    assert answer.body == b'{"success":true,"ver":"%s"}' % answer.json()["ver"].encode()


def test_health_check_needs_no_token_and_minds_no_bad_one(site):
    expect.ok(site.get("/api/health-check", token="nonsense"))


def test_health_check_touches_no_backend(make_site):
    port = processes.free_port()
    nowhere = f"http://127.0.0.1:{port}"
    site = make_site({"CONNECTION_URL": f"postgresql://nobody@127.0.0.1:{port}/none",
                      "AWS_ENDPOINT_URL_DYNAMODB": nowhere,
                      "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": nowhere}, workers=1)
    assert expect.ok(site.get("/api/health-check")).seconds < processes.scaled(0.5)


def test_ready_names_each_backend(site, people):
    site.groups(people())
    processes.wait_until(lambda: site.get("/api/ready").status == 200, 15, "every worker is ready")
    answer = expect.ok(site.get("/api/ready"))
    assert answer.json() == {"postgres": "ok", "dynamodb": "ok", "jwks": "ok"}


def test_ready_names_what_is_down_and_nothing_more(make_site):
    """The seed's health check said yes whatever was down."""
    port = processes.free_port()
    url = f"postgresql://someone:s3cretword@127.0.0.1:{port}/none"
    site = make_site({"CONNECTION_URL": url,
                      "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
                      "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://127.0.0.1:{port}"},
                     workers=1)
    answer = site.get("/api/ready")
    assert answer.status == 503, answer
    expect.common(answer)
    assert answer.json() == {"postgres": "down", "dynamodb": "down", "jwks": "down"}
    assert answer.seconds < expect.SECONDS
    assert b"s3cretword" not in answer.body + site.workers.log.text()


def test_ready_tells_the_backends_apart(chaos):
    chaos.site.get("/api/ready")
    processes.wait_until(lambda: chaos.site.get("/api/ready").status == 200, 15, "ready")
    chaos.dynamo.refuse()
    processes.wait_until(lambda: chaos.site.get("/api/ready").json() == {
        "postgres": "ok", "dynamodb": "down", "jwks": "ok"}, 15, "only DynamoDB is down", 0.1)
    chaos.dynamo.reset()
    chaos.postgres.refuse()
    processes.wait_until(lambda: chaos.site.get("/api/ready").json() == {
        "postgres": "down", "dynamodb": "ok", "jwks": "ok"}, 15, "only Postgres is down", 0.1)
    chaos.postgres.reset()
    processes.wait_until(lambda: chaos.site.get("/api/ready").status == 200, 15, "ready again", 0.1)


def test_ready_says_no_when_a_backend_hangs(chaos):
    """Every worker may remember its last look for some seconds, but none hangs."""
    chaos.dynamo.fail("hang")
    chaos.postgres.hang()
    answer = processes.wait_until(
        lambda: (lambda got: got if got.status == 503 else None)(chaos.site.get("/api/ready")),
        20, "ready says no", 0.1)
    assert answer.seconds < expect.SECONDS
    assert answer.json()["dynamodb"] == "down"
