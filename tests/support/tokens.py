# SPDX-License-Identifier: MIT
"""Keys and tokens of our own: sound ones as Cognito makes them, and every way to be unsound.

It signs whatever bytes it is given. It verifies nothing: that is what the worker is tested for.
"""
import base64
import json
import time
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def number(value):
    return b64u(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


class Key:
    """An RSA key with a name."""

    def __init__(self, kid=None, bits=2048):
        self.kid = kid if kid is not None else str(uuid.uuid4())
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        numbers = self.private.private_numbers()
        self.n, self.e, self.d = numbers.public_numbers.n, numbers.public_numbers.e, numbers.d
        self.size = (self.n.bit_length() + 7) // 8

    def jwk(self, **changes):
        """The entry of a JWKS as Cognito writes it; a change to None removes a member."""
        entry = {"alg": "RS256", "e": number(self.e), "kid": self.kid, "kty": "RSA",
                 "n": number(self.n), "use": "sig", **changes}
        return {name: value for name, value in entry.items() if value is not None}

    def sign(self, data, algorithm=None, pad=None):
        return self.private.sign(data, pad or padding.PKCS1v15(), algorithm or hashes.SHA256())

    def raw(self, encoded):
        """The private operation on a ready-made block: for padding forgeries."""
        value = pow(int.from_bytes(encoded, "big"), self.d, self.n)
        return value.to_bytes(self.size, "big")

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def public_der(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Mint:
    """Makes tokens of one issuer and client with one key."""

    def __init__(self, key, issuer, client_id):
        self.key, self.issuer, self.client_id = key, issuer, client_id

    def header(self, **changes):
        return self._changed({"kid": self.key.kid, "alg": "RS256"}, changes)

    def claims(self, sub, /, **changes):
        now = int(time.time())
        return self._changed({
            "sub": sub, "iss": self.issuer, "client_id": self.client_id, "token_use": "access",
            "origin_jti": str(uuid.uuid4()), "event_id": str(uuid.uuid4()),
            "scope": "aws.cognito.signin.user.admin", "auth_time": now, "iat": now,
            "exp": now + 3600, "jti": str(uuid.uuid4()), "username": sub}, changes)

    @staticmethod
    def _changed(base, changes):
        """The members with the changes; a change to `...` removes one."""
        return {name: value for name, value in {**base, **changes}.items() if value is not ...}

    def compose(self, header, payload, sign=None):
        """A token of these header and payload bytes (or objects), signed by `sign` or the key."""
        header = header if isinstance(header, bytes) else compact(header)
        payload = payload if isinstance(payload, bytes) else compact(payload)
        signed = f"{b64u(header)}.{b64u(payload)}"
        return f"{signed}.{b64u((sign or self.key.sign)(signed.encode('ascii')))}"

    def token(self, sub, header=None, /, **claims):
        return self.compose(self.header(**(header or {})), self.claims(sub, **claims))
