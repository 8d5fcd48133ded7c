# SPDX-License-Identifier: MIT
"""Bodies: how big, of what type, and how strictly JSON."""
import pytest

import expect
from site_api import json_bytes

MAX_BODY = 16 * 1024
JSON = [("Content-Type", "application/json")]


def _padded(person, size):
    body = json_bytes({"message": "fits", "handle": person.handle})
    return body[:-1] + b" " * (size - len(body)) + b"}"


def _post(site, who, body, headers=None):
    return site.request("POST", "/api/messages", who, body=body,
                        headers=JSON if headers is None else headers)


def test_16_kib_are_allowed_and_one_byte_more_is_not(site, pair):
    expect.private(_post(site, pair[0], _padded(pair[1], MAX_BODY)))
    for size in (MAX_BODY + 1, 2 * MAX_BODY, 60000):
        expect.error(_post(site, pair[0], _padded(pair[1], size)), 413, "body_too_large")


def test_size_counts_before_type_and_sense(site, people):
    expect.error(_post(site, people(), b"\xff" * 20000, [("Content-Type", "image/png")]), 413,
                 "body_too_large")


@pytest.mark.parametrize("value", ["application/json", "application/json; charset=utf-8",
                                   "application/json;charset=UTF-8", "Application/JSON",
                                   "application/json ; charset=utf-8", "application/json;"])
def test_json_by_any_spelling(site, pair, value):
    body = json_bytes({"message": "x", "handle": pair[1].handle})
    expect.private(_post(site, pair[0], body, [("Content-Type", value)]))


@pytest.mark.parametrize("value", [
    None, "", "text/plain", "text/json", "application/jsonx", "application/json-patch+json",
    "application/ld+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/octet-stream", "json", "application/", "*/*", "text/plain, application/json"])
def test_any_other_type_is_415(site, pair, table, value):
    headers = [] if value is None else [("Content-Type", value)]
    body = json_bytes({"message": "x", "handle": pair[1].handle})
    expect.error(_post(site, pair[0], body, headers), 415, "unsupported_media_type")
    assert table.groups(pair[0]) == []


MALFORMED = {
    "empty": b"", "blank": b"  \n", "null": b"null", "array": b"[]", "string": b'"x"',
    "number": b"5", "true": b"true", "array of the object": b'[%s]',
    "cut short": b'{"message":"x","handle":', "no closing brace": b'{"message":"x"',
    "no value": b'{"message":}', "no colon": b'{"message" "x"}', "no comma": b'{"a":1 "b":2}',
    "trailing comma": b'{"message":"x",}', "leading comma": b'{,"message":"x"}',
    "two objects": b'%s%s', "text after": b'%sx', "comma after": b'%s,', "zero byte after": b'%s\0',
    "text before": b'x%s', "bom": b'\xef\xbb\xbf%s', "utf-16": '{"message":"x"}'.encode("utf-16"),
    "name twice": b'{"message":"x","message":"x"}', "name twice inside": b'{"a":{"b":1,"b":1}}',
    "name twice escaped": b'{"message":"x","mess\\u0061ge":"x"}',
    "unquoted name": b'{message:"x"}', "single quotes": b"{'message':'x'}",
    "single quoted name": b"{'message':\"x\"}", "comment": b'{/* x */"message":"x"}',
    "line comment": b'{"message":"x"}//', "hash comment": b'{"message":"x"}#',
    "NaN": b'{"message":"x","n":NaN}', "Infinity": b'{"message":"x","n":Infinity}',
    "-Infinity": b'{"message":"x","n":-Infinity}', "leading zero": b'{"n":01}',
    "plus": b'{"n":+1}', "bare dot": b'{"n":.5}', "dot at the end": b'{"n":5.}',
    "hex": b'{"n":0x1}', "bare e": b'{"n":1e}', "minus": b'{"n":-}', "minus zero one": b'{"n":-01}',
    "capital True": b'{"b":True}', "capital NULL": b'{"b":NULL}', "undefined": b'{"b":undefined}',
    "lone high surrogate": b'{"message":"\\ud800"}',
    "lone low surrogate": b'{"message":"\\udc00"}',
    "surrogates reversed": b'{"message":"\\ude00\\ud83d"}',
    "high surrogate and a letter": b'{"message":"\\ud83dx"}',
    "lone surrogate in a name": b'{"\\ud800":1}',
    "two high surrogates": b'{"message":"\\ud83d\\ud83d"}',
    "bad escape": b'{"message":"\\x41"}', "escaped quote only": b'{"message":"\\\'"}',
    "short escape": b'{"message":"\\u12"}', "escape cut": b'{"message":"\\',
    "raw newline": b'{"message":"a\nb"}', "raw tab": b'{"message":"a\tb"}',
    "raw zero byte": b'{"message":"a\0b"}', "raw control": b'{"message":"a\x1fb"}',
    "latin-1": b'{"message":"caf\xe9"}', "overlong": b'{"message":"\xc0\x80"}',
    "overlong slash": b'{"message":"\xe0\x80\xaf"}',
    "surrogate in utf-8": b'{"message":"\xed\xa0\x80"}',
    "beyond unicode": b'{"message":"\xf4\x90\x80\x80"}', "utf-8 cut": b'{"message":"\xe2\x82"}',
    "lone continuation": b'{"message":"\x80"}', "fe": b'{"message":"\xfe"}',
    "bad utf-8 in a name": b'{"\xff":1}', "bad utf-8 outside": b'{"a":1}\xff',
    "form feed as space": b'{\x0c"message":"x"}', "no-break space": b'{\xc2\xa0"message":"x"}',
    "nested 33": b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
    "nested 5000": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "nested objects 33": b'{"a":' * 33 + b"1" + b"}" * 33,
    "brackets mixed": b'{"a":[1}]', "form": b"message=x&handle=y",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_body_that_is_not_one_json_object(site, pair, table, name):
    sound = json_bytes({"message": "x", "handle": pair[1].handle})
    body = MALFORMED[name].replace(b"%s", sound)
    expect.error(_post(site, pair[0], body), 400, "malformed_json")
    assert table.groups(pair[0]) == []


ODD_BUT_SOUND = {
    "spaces": b' \t\r\n{ "message" : "x" , "handle" : "%h" }\r\n ',
    "escaped name": b'{"m\\u0065ssage":"x","handle":"%h"}',
    "unknown members": b'{"message":"x","handle":"%h","n":-1.5e-10,"a":[[],{}],"t":true,"z":null}',
    "nested 32": b'{"message":"x","handle":"%h","a":' + b"[" * 31 + b"]" * 31 + b"}",
    "big number": b'{"message":"x","handle":"%h","n":99999999999999999999999}',
    "same name at two levels": b'{"message":"x","handle":"%h","a":{"message":"y","handle":"z"}}',
    "empty name": b'{"message":"x","handle":"%h","":0}',
}


@pytest.mark.parametrize("name", ODD_BUT_SOUND)
def test_odd_but_sound_json(site, pair, name):
    answer = _post(site, pair[0], ODD_BUT_SOUND[name].replace(b"%h", pair[1].handle.encode()))
    assert expect.private(answer).json()["message"] == "x"


def test_escapes_in_the_text_are_decoded(site, pair):
    body = (b'{"message":"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\"\\\\\\uffff","handle":"%s"}'
            % pair[1].handle.encode())
    answer = expect.private(_post(site, pair[0], body))
    assert answer.json()["message"] == "\u00e9\U0001f600/\b\f\n\r\t\"\\\uffff"


def test_1024_escaped_astral_characters_fit(site, pair):
    body = b'{"message":"%s","handle":"%s"}' % (b"\\ud83d\\ude00" * 1024, pair[1].handle.encode())
    answer = expect.private(_post(site, pair[0], body))
    assert answer.json()["message"] == "\U0001f600" * 1024


def test_chunked_body_is_read_like_any_other(site, pair):
    body = json_bytes({"message": "chunked", "handle": pair[1].handle})
    answer = site.client.raw(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        b"Authorization: Bearer " + site.token(pair[0]).encode() + b"\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:]))
        + b"0\r\n\r\n")
    assert expect.private(answer).json()["message"] == "chunked"
