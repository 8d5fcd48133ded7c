#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges the signature of real requests by an independent signer: botocore signs what arrived, with
the time that it names, and must come to the same. Not a test of DynamoDB.

Runs the program that SEND_SIGNED names (default: tests/interop/send_signed in the build folder).
Exit status 77: botocore is not installed."""

import http.server
import os
import re
import subprocess
import sys
import threading
import unittest

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("botocore is not installed (python3-botocore): skipped")
    sys.exit(77)

PROGRAM = os.environ.get("SEND_SIGNED", "tests/interop/send_signed")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<credential>[^,]+), ?"
    r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers.items(), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Signature(unittest.TestCase):
    def setUp(self):
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
        self.server.seen = []
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def judge(self, body=b"{}", region="us-east-1", service="dynamodb",
              key_id="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token="", more=""):
        subprocess.run([PROGRAM, self.url, region, service, key_id, secret, token,
                        *([more] if more else [])],
                       input=body, check=True, timeout=20)
        (path, headers, arrived), = self.server.seen
        self.assertEqual(arrived, body)
        lower = {}
        for name, value in headers:
            self.assertNotIn(name.lower(), lower, "a header came twice")
            lower[name.lower()] = value
        said = AUTHORIZATION.fullmatch(lower["authorization"])
        self.assertIsNotNone(said, lower["authorization"])
        names = said["names"].split(";")

        must = {"content-type", "host", "x-amz-date", "x-amz-target"}
        if more:
            name, _, value = more.partition(": ")
            must.add(name)
            self.assertEqual(lower[name], value)
        if token:
            must.add("x-amz-security-token")
            self.assertEqual(lower["x-amz-security-token"], token)
        else:
            self.assertNotIn("x-amz-security-token", lower)
        self.assertEqual(set(names), must)

        request = AWSRequest(method="POST", url=f"http://{lower['host']}{path}", data=arrived,
                             headers={name: lower[name] for name in names})
        request.context["timestamp"] = lower["x-amz-date"]
        signer = SigV4Auth(Credentials(key_id, secret, token or None), service, region)
        self.assertEqual(signer.signed_headers(signer.headers_to_sign(request)), said["names"])
        text = signer.string_to_sign(request, signer.canonical_request(request))
        self.assertEqual(said["credential"], signer.scope(request))
        self.assertEqual(said["signature"], signer.signature(text, request))

    def test_without_session_token(self):
        self.judge(b'{"TableName":"cruddur-messages"}')

    def test_with_session_token(self):
        self.judge(token="FwoGZXIvYXdzEBYaDH/+==")

    def test_with_a_long_session_token(self):
        self.judge(token="IQoJb3JpZ2luX2VjE" + "aB3/+=" * 700)

    def test_empty_body(self):
        self.judge(b"")

    def test_utf8_and_control_characters(self):
        self.judge('{"S":"Grüße 你好 🎉 \\u0000 % & = + "}'.encode())

    def test_bytes_with_nul(self):
        self.judge(b'{"a":"\x00\x01\xff"}')

    def test_a_body_of_several_sends(self):
        self.judge(b'{"S":"' + b"x" * 400000 + b'"}')

    def test_secrets_of_every_base64_character(self):
        self.judge(secret="/+aZ09/++//" * 4)

    def test_a_trace_that_goes_with_it(self):
        self.judge(b"{}", token="t", more="traceparent: 00-0af7651916cd43dd8448eb211c80319c-"
                                          "b7ad6b7169203331-01")

    def test_another_region_and_service(self):
        self.judge(region="eu-central-1", service="dynamodb", key_id="ASIAEXAMPLE", token="t")


if __name__ == "__main__":
    unittest.main()
