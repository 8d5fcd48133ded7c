# SPDX-License-Identifier: MIT
"""Every way a token can be wrong, by name: each function takes what it needs and gives a token.

The list follows RFC 8725 and the shapes of the Wycheproof files for RS256. Sound tokens that only
look odd are at the end, in SOUND: they must pass, or the table above proves nothing.
"""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from tokens import b64u, compact, number

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


class Kit:
    """What an attack may use: the mint, the keys, a user's sub, an address to be lured to."""

    def __init__(self, mint, keys, sub, lure):
        self.mint, self.keys, self.sub, self.lure = mint, keys, sub, lure

    def claims(self, **changes):
        return self.mint.claims(self.sub, **changes)

    def header(self, **changes):
        return self.mint.header(**changes)

    def token(self, header=None, **claims):
        return self.mint.token(self.sub, header, **claims)

    def parts(self):
        return self.token().split(".")

    def payload_text(self, change):
        """A token whose payload's JSON text went through `change` before it was signed."""
        return self.mint.compose(self.header(), change(compact(self.claims())))

    def header_text(self, change):
        return self.mint.compose(change(compact(self.header())), self.claims())

    def claim_text(self, name, text):
        """A token with the claim `name` of this literal JSON text."""
        rest = compact(self.claims(**{name: ...}))
        return self.mint.compose(self.header(), rest[:-1] + f',"{name}":{text}}}'.encode())

    def padded(self, encode):
        """A token whose signature block is what `encode(hash, size)` made of it."""
        return self.mint.compose(self.header(), self.claims(), lambda data: self.keys.pool.raw(
            encode(hashlib.sha256(data).digest(), self.keys.pool.size)))

    def hmac(self, secret, alg="HS256", digest=hashlib.sha256):
        return self.mint.compose(self.header(alg=alg), self.claims(),
                                 lambda data: hmac.new(secret, data, digest).digest())

    def later(self, seconds):
        return int(time.time()) + seconds


def _a_moment_ago(kit):
    """Expired within this very second: who compares whole seconds only lets it pass."""
    while time.time() % 1 < 0.5:
        time.sleep(0.01)
    return kit.token(exp=int(time.time()) + 0.25)


def _with_part(kit, index, change):
    parts = kit.parts()
    parts[index] = change(parts[index])
    return ".".join(parts)


def _signed_text(kit, header=None, payload=None):
    """Signs the base64url texts as they are given: for odd encodings under a sound signature."""
    header = header or b64u(compact(kit.header()))
    payload = payload or b64u(compact(kit.claims()))
    signed = f"{header}.{payload}"
    return f"{signed}.{b64u(kit.keys.pool.sign(signed.encode('latin-1')))}"


def _unused_bits(text):
    """The same bytes by a spelling whose last letter has unused bits set."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4 in (2, 3)
    return text[:-1] + letters[letters.index(text[-1]) | 1]


def _loose_payload(kit):
    """A payload text whose length leaves unused bits in its last letter."""
    for size in range(3):
        text = b64u(compact(kit.claims(pad="x" * size)))
        if len(text) % 4:
            return text
    raise AssertionError("not reached")


def _standard_letters(kit):
    """A payload that needs + or / in the standard alphabet."""
    for size in range(3):
        text = base64.b64encode(compact(kit.claims(pad="x" * size + "?>~" * 8))).decode()
        if "+" in text or "/" in text:
            return text.rstrip("=")
    raise AssertionError("not reached")


def _es256(kit):
    key = ec.generate_private_key(ec.SECP256R1())
    return kit.mint.compose(kit.header(alg="ES256"), kit.claims(),
                            lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))


def _s_plus_n(kit):
    key = kit.keys.pool
    for _ in range(200):
        token = kit.token()
        head, _, signature = token.rpartition(".")
        value = int.from_bytes(base64.urlsafe_b64decode(signature + "=="), "big") + key.n
        if value.bit_length() <= key.size * 8:
            return head + "." + b64u(value.to_bytes(key.size, "big"))
    raise AssertionError("no signature small enough")


def _of_size(kit, size):
    """A sound token of at least this many characters, at most two more."""
    for pad in range(max(0, (size - 1500) * 3 // 4), size):
        token = kit.token(pad="x" * pad)
        if len(token) >= size:
            return token
    raise AssertionError("not reached")


def _signature(token):
    return base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")


def _resigned(kit, change):
    token = kit.token()
    return token.rpartition(".")[0] + "." + b64u(change(_signature(token)))


def _block(content, size, kind=b"\x00\x01", fill=b"\xff"):
    return kind + fill * (size - len(kind) - 1 - len(content)) + b"\x00" + content


ALGORITHM = {
    **{f"alg {alg!r}": (lambda kit, alg=alg: kit.token({"alg": alg}))
       for alg in ("none", "None", "nOnE", "NONE", "", 256, None, ["RS256"], {"a": 1}, True,
                   "rs256", "RS256 ", "RS256\u0000", "HS256", "RS384", "RS512", "PS256", "ES256",
                   "RSA", "RS256,none")},
    "alg absent": lambda kit: kit.token({"alg": ...}),
    "alg none, no signature": lambda kit: kit.mint.compose(
        kit.header(alg="none"), kit.claims(), lambda data: b""),
    "alg none, two parts": lambda kit: kit.mint.compose(
        kit.header(alg="none"), kit.claims(), lambda data: b"")[:-1],
    "HS256 keyed with the PEM": lambda kit: kit.hmac(kit.keys.pool.public_pem()),
    "HS256 keyed with the trimmed PEM": lambda kit: kit.hmac(kit.keys.pool.public_pem().strip()),
    "HS256 keyed with the DER": lambda kit: kit.hmac(kit.keys.pool.public_der()),
    "HS256 keyed with n": lambda kit: kit.hmac(number(kit.keys.pool.n).encode()),
    "HS256 keyed with nothing": lambda kit: kit.hmac(b""),
    "HS512 keyed with the PEM": lambda kit: kit.hmac(kit.keys.pool.public_pem(), "HS512",
                                                     hashlib.sha512),
    "RS384 with the right key": lambda kit: kit.mint.compose(
        kit.header(alg="RS384"), kit.claims(), lambda d: kit.keys.pool.sign(d, hashes.SHA384())),
    "RS512 with the right key": lambda kit: kit.mint.compose(
        kit.header(alg="RS512"), kit.claims(), lambda d: kit.keys.pool.sign(d, hashes.SHA512())),
    "PS256 with the right key": lambda kit: kit.mint.compose(
        kit.header(alg="PS256"), kit.claims(), lambda d: kit.keys.pool.sign(d, None, PSS)),
    "PSS under RS256": lambda kit: kit.mint.compose(
        kit.header(), kit.claims(), lambda d: kit.keys.pool.sign(d, None, PSS)),
    "SHA-512 under RS256": lambda kit: kit.mint.compose(
        kit.header(), kit.claims(), lambda d: kit.keys.pool.sign(d, hashes.SHA512())),
    "SHA-1 under RS256": lambda kit: kit.mint.compose(
        kit.header(), kit.claims(), lambda d: kit.keys.pool.sign(d, hashes.SHA1())),
    "ES256": _es256,
}


def _foreign(kit, **header):
    return kit.mint.compose(kit.header(**header), kit.claims(), kit.keys.foreign.sign)


KEY = {
    "foreign key under a known kid": _foreign,
    "foreign key embedded as jwk": lambda kit: _foreign(kit, jwk=kit.keys.foreign.jwk()),
    "foreign key by jku": lambda kit: _foreign(kit, kid="lured", jku=kit.lure + "/jwks.json"),
    "foreign key by jku, known kid": lambda kit: _foreign(kit, jku=kit.lure + "/jwks.json"),
    "foreign key by x5u": lambda kit: _foreign(kit, x5u=kit.lure + "/cert.pem"),
    "foreign key by x5c": lambda kit: _foreign(
        kit, x5c=[base64.b64encode(kit.keys.foreign.public_der()).decode()]),
    "unpublished key": lambda kit: kit.mint.compose(
        kit.header(kid="other-key"), kit.claims(), kit.keys.other.sign),
    **{f"kid {ascii(kid)[:30]}": (lambda kit, kid=kid: kit.token({"kid": kid}))
       for kid in ("", 5, None, True, ["pool-key"], {}, "pool-ke", "pool-key2", "POOL-KEY",
                   " pool-key", "pool-key ", "../pool-key", "pool-key\u0000", "a'b\"c", "a\nb\r\nc",
                   "k" * 5000, "\u001b[31m", "\u202e", "' OR '1'='1", "%s%n", "{\"a\":1}")},
    "kid absent": lambda kit: kit.token({"kid": ...}),
    "kid of 10 kB": lambda kit: kit.token({"kid": "k" * 10000}),
    "crit with a known name": lambda kit: kit.token({"crit": ["kid"]}),
    "crit with an unknown name": lambda kit: kit.token({"crit": ["x"], "x": 1}),
    "crit exp": lambda kit: kit.token({"crit": ["exp"], "exp": 1}),
    "crit empty": lambda kit: kit.token({"crit": []}),
    "crit null": lambda kit: kit.token({"crit": None}),
    "crit string": lambda kit: kit.token({"crit": "x"}),
    "b64 false with crit": lambda kit: kit.token({"b64": False, "crit": ["b64"]}),
    "b64 false": lambda kit: kit.token({"b64": False}),
    "zip": lambda kit: kit.token({"zip": "DEF"}),
    "typ number": lambda kit: kit.token({"typ": 7}),
    "typ of another kind": lambda kit: kit.token({"typ": "secevent+jwt"}),
}

STRUCTURE = {
    "empty": lambda kit: "",
    "one part": lambda kit: kit.parts()[1],
    "two parts": lambda kit: ".".join(kit.parts()[:2]),
    "four parts": lambda kit: kit.token() + ".x",
    "five parts": lambda kit: kit.token() + ".x.y",
    "dot in front": lambda kit: "." + kit.token(),
    "dot behind": lambda kit: kit.token() + ".",
    "two dots between": lambda kit: kit.token().replace(".", "..", 1),
    "only dots": lambda kit: "..",
    "six dots": lambda kit: "......",
    "empty header": lambda kit: _with_part(kit, 0, lambda part: ""),
    "empty payload": lambda kit: _with_part(kit, 1, lambda part: ""),
    "empty payload, signed": lambda kit: kit.mint.compose(kit.header(), b""),
    "empty header, signed": lambda kit: kit.mint.compose(b"", kit.claims()),
    "JSON serialisation": lambda kit: json.dumps(dict(zip(
        ("protected", "payload", "signature"), kit.parts()))),
    "JWE": lambda kit: ".".join([b64u(b'{"alg":"RSA-OAEP","enc":"A256GCM"}'), "a", "b", "c", "d"]),
    "letters swapped": lambda kit: kit.token()[::-1],
    "header of another token": lambda kit: _with_part(
        kit, 0, lambda part: b64u(compact(kit.header(extra=1)))),
    "payload of another token": lambda kit: _with_part(
        kit, 1, lambda part: b64u(compact(kit.claims(scope="admin")))),
    "over 8 KiB": lambda kit: _of_size(kit, 8193),
    "over 20 KiB": lambda kit: _of_size(kit, 20000),
}

ENCODING = {
    "padded header": lambda kit: _with_part(kit, 0, lambda p: p + "=" * (-len(p) % 4 or 4)),
    "padded payload": lambda kit: _with_part(kit, 1, lambda p: p + "=="),
    "padded signature": lambda kit: kit.token() + "==",
    "padded payload, signed so": lambda kit: _signed_text(
        kit, payload=(lambda p: p + "=" * (4 - len(p) % 4))(_loose_payload(kit))),
    "one = in the signature": lambda kit: kit.token() + "=",
    "standard alphabet": lambda kit: _signed_text(kit, payload=_standard_letters(kit)),
    "space in the payload": lambda kit: _signed_text(
        kit, payload=(lambda p: p[:9] + " " + p[9:])(b64u(compact(kit.claims())))),
    "tab behind the payload": lambda kit: _signed_text(
        kit, payload=b64u(compact(kit.claims())) + "\t"),
    "unused bits in the payload": lambda kit: _signed_text(
        kit, payload=_unused_bits(_loose_payload(kit))),
    "unused bits in the signature": lambda kit: (
        lambda token: token[:-1] + _unused_bits(token.rpartition(".")[2])[-1])(kit.token()),
    "length 1 modulo 4": lambda kit: _signed_text(
        kit, payload=(lambda p: p + "A" * ((1 - len(p)) % 4 or 4))(b64u(compact(kit.claims())))),
    "question mark": lambda kit: _with_part(kit, 2, lambda p: "?" + p[1:]),
    "hashes": lambda kit: _with_part(kit, 2, lambda p: "####" + p[4:]),
    "not ASCII": lambda kit: _with_part(kit, 1, lambda p: "\u00e9" + p[1:]),
    "percent-encoded dots": lambda kit: kit.token().replace(".", "%2E"),
    "comma instead of a letter": lambda kit: _with_part(kit, 1, lambda p: p[:-1] + ","),
}

JSON_TEXT = {
    "payload array": lambda kit: kit.mint.compose(kit.header(), [kit.claims()]),
    "payload string": lambda kit: kit.mint.compose(kit.header(), json.dumps("x").encode()),
    "payload null": lambda kit: kit.mint.compose(kit.header(), b"null"),
    "payload no JSON": lambda kit: kit.mint.compose(kit.header(), b"claims"),
    "header array": lambda kit: kit.mint.compose([kit.header()], kit.claims()),
    "header no JSON": lambda kit: kit.mint.compose(b"RS256", kit.claims()),
    "exp twice": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"exp":9000000000}'),
    "sub twice, escaped": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"su\\u0062":"x"}'),
    "alg twice": lambda kit: kit.header_text(lambda t: t[:-1] + b',"alg":"RS256"}'),
    "kid twice": lambda kit: kit.header_text(lambda t: b'{"kid":"x",' + t[1:]),
    "unknown name twice": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":1,"x":1}'),
    "BOM": lambda kit: kit.payload_text(lambda t: b"\xef\xbb\xbf" + t),
    "BOM in the header": lambda kit: kit.header_text(lambda t: b"\xef\xbb\xbf" + t),
    "latin-1": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"caf\xe9"}'),
    "overlong UTF-8": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"\xc0\x80"}'),
    "surrogate in UTF-8": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"\xed\xa0\x80"}'),
    "lone surrogate": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"\\ud800"}'),
    "lone surrogate in the header": lambda kit: kit.header_text(
        lambda t: t[:-1] + b',"x":"\\ud800"}'),
    "nested 33 deep": lambda kit: kit.payload_text(
        lambda t: t[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}"),
    "nested 1000 deep": lambda kit: kit.payload_text(
        lambda t: t[:-1] + b',"x":' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "bytes after": lambda kit: kit.payload_text(lambda t: t + b"x"),
    "zero byte after": lambda kit: kit.payload_text(lambda t: t + b"\0"),
    "second object after": lambda kit: kit.payload_text(lambda t: t + b"{}"),
    "bytes after the header": lambda kit: kit.header_text(lambda t: t + b"x"),
    "trailing comma": lambda kit: kit.payload_text(lambda t: t[:-1] + b",}"),
    "NaN": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":NaN}'),
    "Infinity": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":Infinity}'),
    "comment": lambda kit: kit.payload_text(lambda t: b"/* x */" + t),
    "comment inside": lambda kit: kit.payload_text(lambda t: t[:-1] + b"/* x */}"),
    "single-quoted name": lambda kit: kit.payload_text(lambda t: t[:-1] + b",'x':1}"),
    "raw newline in a string": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"a\nb"}'),
    "raw control in a string": lambda kit: kit.payload_text(lambda t: t[:-1] + b',"x":"\x01"}'),
    "leading zero": lambda kit: kit.claim_text("x", "01"),
}

NUMBERS = {
    **{f"{name} {text}": (lambda kit, name=name, text=text: kit.claim_text(name, text))
       for name in ("exp", "iat", "nbf")
       for text in ('"9000000000"', "true", "null", "-1", "1e400", "-1e400", "[9000000000]", "{}",
                    "1e18", "9223372036854775807", "9223372036854775808",
                    "18446744073709551616", "99999999999999999999", "9007199254740992")},
    "exp 1.5": lambda kit: kit.claim_text("exp", "1.5"),
    "exp 0": lambda kit: kit.claim_text("exp", "0"),
    "exp -0": lambda kit: kit.claim_text("exp", "-0"),
    "exp now": lambda kit: kit.token(exp=kit.later(0)),
    "exp a second ago": lambda kit: kit.token(exp=kit.later(-1)),
    "exp an hour ago": lambda kit: kit.token(exp=kit.later(-3600)),
    "exp a moment ago": _a_moment_ago,
    "exp absent": lambda kit: kit.token(exp=...),
    "iat absent": lambda kit: kit.token(iat=...),
    "nbf in 45 s": lambda kit: kit.token(nbf=kit.later(45)),
    "nbf in a year": lambda kit: kit.token(nbf=kit.later(31536000)),
    "iat in 45 s": lambda kit: kit.token(iat=kit.later(45)),
    "iat in a year": lambda kit: kit.token(iat=kit.later(31536000)),
}

STRINGS = {
    **{f"sub {ascii(sub)[:20]}": (lambda kit, sub=sub: kit.token(sub=sub))
       for sub in ("", 5, None, True, [], {})},
    "sub with a zero": lambda kit: kit.token(sub=kit.sub + "\u0000"),
    "sub absent": lambda kit: kit.token(sub=...),
    "sub in an array": lambda kit: kit.token(sub=[kit.sub]),
    "sub of 10 kB": lambda kit: kit.token(sub="s" * 10000),
    **{f"token_use {use!r}": (lambda kit, use=use: kit.token(token_use=use))
       for use in ("id", "Access", "refresh", "", None, ["access"], 1, "access\u0000")},
    "token_use absent": lambda kit: kit.token(token_use=...),
    "an ID token": lambda kit: kit.token(token_use="id", aud=kit.mint.client_id, client_id=...),
    **{f"client_id {ascii(client)[:24]}": (lambda kit, client=client: kit.token(client_id=client))
       for client in ("another", "", None, 1, True, "4systemtestsclient000000",
                      "4systemtestsclient00000011", "4SYSTEMTESTSCLIENT0000001",
                      "4systemtestsclient0000002,4systemtestsclient0000001", ",")},
    "client_id absent": lambda kit: kit.token(client_id=...),
    "client_id in an array": lambda kit: kit.token(client_id=[kit.mint.client_id]),
    "aud instead of client_id": lambda kit: kit.token(client_id=..., aud=kit.mint.client_id),
    "aud array instead of client_id": lambda kit: kit.token(client_id=...,
                                                            aud=[kit.mint.client_id]),
    "scope no string": lambda kit: kit.token(scope=["a"]),
    "jti no string": lambda kit: kit.token(jti=5),
    "iss absent": lambda kit: kit.token(iss=...),
    "iss with a slash": lambda kit: kit.token(iss=kit.mint.issuer + "/"),
    "iss in capitals": lambda kit: kit.token(iss=kit.mint.issuer.upper()),
    "iss of https": lambda kit: kit.token(iss=kit.mint.issuer.replace("http:", "https:")),
    "iss of another pool": lambda kit: kit.token(iss=kit.mint.issuer + "2"),
    "iss shorter": lambda kit: kit.token(iss=kit.mint.issuer[:-1]),
    "iss of AWS": lambda kit: kit.token(
        iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_SystemTst"),
    "iss of another region": lambda kit: kit.token(
        iss="https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_SystemTst"),
    "iss .evil.com": lambda kit: kit.token(iss=kit.mint.issuer.replace("/us-", ".evil.com/us-")),
    "iss with a zero": lambda kit: kit.token(iss=kit.mint.issuer + "\u0000"),
    **{f"iss {iss!r}": (lambda kit, iss=iss: kit.token(iss=iss))
       for iss in ("", None, 5, [], True)},
    "iss in an array": lambda kit: kit.token(iss=[kit.mint.issuer]),
}

SIGNATURE = {
    "empty": lambda kit: kit.token().rpartition(".")[0] + ".",
    "one byte": lambda kit: _resigned(kit, lambda s: b"\0"),
    "cut by a byte": lambda kit: _resigned(kit, lambda s: s[:-1]),
    "first byte cut": lambda kit: _resigned(kit, lambda s: s[1:]),
    "a byte longer": lambda kit: _resigned(kit, lambda s: s + b"\0"),
    "zero in front": lambda kit: _resigned(kit, lambda s: b"\0" + s),
    "last bit turned": lambda kit: _resigned(kit, lambda s: s[:-1] + bytes([s[-1] ^ 1])),
    "first bit turned": lambda kit: _resigned(kit, lambda s: bytes([s[0] ^ 0x80]) + s[1:]),
    "all zero": lambda kit: _resigned(kit, lambda s: bytes(len(s))),
    "one": lambda kit: _resigned(kit, lambda s: bytes(len(s) - 1) + b"\1"),
    "all ones": lambda kit: _resigned(kit, lambda s: b"\xff" * len(s)),
    "the modulus": lambda kit: _resigned(kit, lambda s: kit.keys.pool.n.to_bytes(len(s), "big")),
    "s + n": _s_plus_n,
    "of another token": lambda kit: kit.token().rpartition(".")[0] + "." + kit.parts()[2],
    "PKCS#1 type 2": lambda kit: kit.padded(lambda h, n: _block(DIGEST_INFO + h, n, b"\0\2")),
    "PKCS#1 type 0": lambda kit: kit.padded(lambda h, n: _block(DIGEST_INFO + h, n, b"\0\0")),
    "PKCS#1 first byte 1": lambda kit: kit.padded(lambda h, n: _block(DIGEST_INFO + h, n, b"\1\1")),
    "PKCS#1 padding of other bytes": lambda kit: kit.padded(
        lambda h, n: _block(DIGEST_INFO + h, n, fill=b"\xfe")),
    "PKCS#1 short padding, bytes after": lambda kit: kit.padded(
        lambda h, n: b"\0\1" + b"\xff" * 8 + b"\0" + DIGEST_INFO + h + bytes(n - 62)),
    "PKCS#1 no separator": lambda kit: kit.padded(
        lambda h, n: b"\0\1" + b"\xff" * (n - 2 - 51) + DIGEST_INFO + h),
    "PKCS#1 bare hash": lambda kit: kit.padded(_block),
    "PKCS#1 no NULL": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + h, n)),
    "PKCS#1 long length": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("308131300d060960864801650304020105000420") + h, n)),
    "PKCS#1 indefinite length": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("3080300d060960864801650304020105000420") + h + b"\0\0", n)),
    "PKCS#1 name of SHA-1": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("302d300906052b0e03021a05000420") + h, n)),
    "PKCS#1 name of SHA-512": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("3031300d060960864801650304020305000420") + h, n)),
    "PKCS#1 bytes after the hash": lambda kit: kit.padded(
        lambda h, n: _block(DIGEST_INFO + h + b"\0", n)),
    "PKCS#1 parameters not NULL": lambda kit: kit.padded(lambda h, n: _block(
        bytes.fromhex("3032300e06096086480165030402010401610420") + h, n)),
    "PKCS#1 hash cut": lambda kit: kit.padded(lambda h, n: _block(DIGEST_INFO + h[:-1], n)),
}

ATTACKS = {f"{kind}: {name}": make
           for kind, table in (("algorithm", ALGORITHM), ("key", KEY), ("structure", STRUCTURE),
                               ("encoding", ENCODING), ("json", JSON_TEXT), ("number", NUMBERS),
                               ("string", STRINGS), ("signature", SIGNATURE))
           for name, make in table.items()}

SOUND = {
    "as Cognito makes it": lambda kit: kit.token(),
    "with typ JWT": lambda kit: kit.token({"typ": "JWT"}),
    "of the other client": lambda kit: kit.token(client_id="4systemtestsclient0000002"),
    "with jku, x5u, jwk, x5c that nobody looks at": lambda kit: kit.token({
        "jku": kit.lure + "/jwks.json", "x5u": kit.lure + "/x", "x5c": ["x"],
        "jwk": kit.keys.foreign.jwk()}),
    "with odd white space": lambda kit: kit.payload_text(
        lambda t: b" \n{\t" + t[1:-1] + b"\r\n} "),
    "names in another order": lambda kit: kit.mint.compose(
        dict(reversed(kit.header().items())), dict(reversed(kit.claims().items()))),
    "unknown claims": lambda kit: kit.token(x=[1, {"y": None}], device_key="d", z="\U0001f600"),
    "nested 32 deep": lambda kit: kit.payload_text(
        lambda t: t[:-1] + b',"x":' + b"[" * 31 + b"]" * 31 + b"}"),
    "fraction in exp": lambda kit: kit.token(exp=time.time() + 100.5),
    "exp just under 2^53": lambda kit: kit.claim_text("exp", "9007199254740991"),
    "iat 0": lambda kit: kit.token(iat=0),
    "iat in 20 s": lambda kit: kit.token(iat=kit.later(20)),
    "nbf in 20 s": lambda kit: kit.token(nbf=kit.later(20)),
    "nbf now": lambda kit: kit.token(nbf=kit.later(0)),
    "exp in 20 s": lambda kit: kit.token(exp=kit.later(20)),
    "no scope, jti, username": lambda kit: kit.token(scope=..., jti=..., username=...),
    "with aud beside": lambda kit: kit.token(aud="anything"),
    "8 KiB": lambda kit: _of_size(kit, 8190),
}
