# SPDX-License-Identifier: MIT
"""How a worker signs its calls: which credentials, and whether the signature is botocore's too."""
import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import expect
import processes

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
           "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
           "AWS_CONFIG_FILE": "/nonexistent/config"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer("GET")

    def do_PUT(self):
        self._answer("PUT")

    def log_message(self, *args):
        pass

    def _answer(self, method):
        status, body = self.server.owner.answer(method, self.path, self.headers)
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class CredentialServer:
    """The container endpoint and IMDSv2 in one; hands out each of `sets` in turn, then the last."""

    def __init__(self):
        self.sets, self.requests, self.wrong = [], [], []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def offer(self, *lives):
        """One set of credentials for each number of seconds that it will live."""
        for life in lives:
            expires = datetime.datetime.utcnow() + datetime.timedelta(seconds=life)
            number = len(self.sets) + 1
            self.sets.append({
                "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": f"AKIDNUMBER{number}",
                "SecretAccessKey": f"secret{number}", "Token": f"session-{number}",
                "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def answer(self, method, path, headers):
        self.requests.append((method, path))
        if path == "/latest/api/token":
            if method != "PUT" or not headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
                self.wrong.append("a token without PUT or a TTL")
                return 400, ""
            return 200, "imds-token"
        if path.startswith("/latest/"):
            if headers.get("X-aws-ec2-metadata-token") != "imds-token":
                self.wrong.append("IMDS without the token")
                return 401, ""
            if path == "/latest/meta-data/iam/security-credentials/":
                return 200, "some-role"
            if not path.endswith("/some-role"):
                return 404, ""
        elif headers.get("Authorization") != "container-secret":
            self.wrong.append("container without its token")
            return 401, ""
        return 200, json.dumps(self.sets.pop(0) if len(self.sets) > 1 else self.sets[0])


@pytest.fixture
def source():
    made = CredentialServer()
    yield made
    made.close()


def _groups(worker, mint, person):
    return worker.call("GET", "/api/message_groups",
                       [("Authorization", "Bearer " + mint.token(person.sub))])


def _signed_by(chaos):
    """The access key id and session token of the last call."""
    headers = chaos.dynamo.headers[-1]
    return (headers["Authorization"].partition("Credential=")[2].partition("/")[0],
            headers.get("X-Amz-Security-Token"))


def _container(source):
    return {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": source.endpoint + "/creds",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-secret",
            "AWS_EC2_METADATA_DISABLED": "true"}


def _metadata(source):
    return {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": source.endpoint}


@pytest.mark.parametrize("session", [None, "session/token+with=signs"])
def test_signature_is_what_botocore_computes(chaos, make_worker, mint, people, settings, session):
    worker = make_worker({**chaos.settings, "AWS_SESSION_TOKEN": session})
    person = people()
    chaos.dynamo.reset()
    expect.private(_groups(worker, mint, person))
    assert chaos.dynamo.bodies
    for (operation, body), headers in zip(chaos.dynamo.bodies, chaos.dynamo.headers):
        scheme, _, rest = headers["Authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        signed = fields["SignedHeaders"].split(";")
        assert scheme == "AWS4-HMAC-SHA256"
        assert {"host", "x-amz-date", "x-amz-target"} <= set(signed), operation
        assert session is None or "x-amz-security-token" in signed
        request = AWSRequest("POST", chaos.dynamo.endpoint + "/", data=body, headers={
            name: headers[name] for name in signed})
        request.context["timestamp"] = headers["X-Amz-Date"]
        auth = SigV4Auth(Credentials(settings["AWS_ACCESS_KEY_ID"],
                                     settings["AWS_SECRET_ACCESS_KEY"], session),
                         "dynamodb", settings["AWS_REGION"])
        text = auth.string_to_sign(request, auth.canonical_request(request))
        assert auth.signature(text, request) == fields["Signature"], operation


def test_container_endpoint_gives_credentials(chaos, make_worker, mint, people, source):
    source.offer(21600)
    worker = make_worker({**chaos.settings, **_container(source)})
    person = people()
    for _ in range(5):
        expect.private(_groups(worker, mint, person))
        assert _signed_by(chaos) == ("AKIDNUMBER1", "session-1")
    assert source.requests == [("GET", "/creds")] and not source.wrong


def test_metadata_service_gives_credentials_by_its_second_version_only(chaos, make_worker, mint,
                                                                       people, source):
    source.offer(21600)
    worker = make_worker({**chaos.settings, **_metadata(source)})
    person = people()
    for _ in range(5):
        expect.private(_groups(worker, mint, person))
        assert _signed_by(chaos) == ("AKIDNUMBER1", "session-1")
    assert [method for method, _ in source.requests] == ["PUT", "GET", "GET"] and not source.wrong


@pytest.mark.parametrize("form", [_container, _metadata])
def test_credentials_are_fetched_anew_before_they_expire(chaos, make_worker, mint, people, source,
                                                         form):
    source.offer(30, 21600)
    worker = make_worker({**chaos.settings, **form(source)})
    person = people()

    def renewed():
        expect.private(_groups(worker, mint, person))
        return _signed_by(chaos) == ("AKIDNUMBER2", "session-2")

    processes.wait_until(renewed, 25, "the second credentials are used", 0.1)


def test_environment_wins_over_the_other_sources(chaos, make_worker, mint, people, source):
    source.offer(21600)
    keys = {"AWS_ACCESS_KEY_ID": "AKIDENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "environment"}
    worker = make_worker({**chaos.settings, **_container(source), **keys})
    expect.private(_groups(worker, mint, people()))
    assert _signed_by(chaos)[0] == "AKIDENVIRONMENT" and source.requests == []


def test_no_secret_of_any_source_is_logged(chaos, make_worker, mint, people, source):
    source.offer(21600)
    worker = make_worker({**chaos.settings, **_container(source)})
    expect.private(_groups(worker, mint, people()))
    log = worker.log.text()
    for secret in (b"secret1", b"session-1", b"container-secret"):
        assert secret not in log
