# SPDX-License-Identifier: MIT
"""Where keys come from: fetched, kept, rotated, never fetched too often, and Cognito being down."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import expect
import processes
from jwks_server import JwksServer
from tokens import Key, Mint, number

POOL_ID = "us-east-1_KeyTests"
WINDOW = 10.0


@pytest.fixture
def pool(make_site, keys):
    """Workers with a JWKS stand-in of their own: `pool(workers)` gives (site, server)."""
    made = []

    def make(workers=2, before=None):
        server = JwksServer(POOL_ID, [keys.pool])
        made.append(server)
        if before:
            before(server)
        site = make_site({"AWS_COGNITO_USER_POOL_ID": POOL_ID,
                          "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.endpoint}, workers)
        site.mint = Mint(keys.pool, server.issuer, site.mint.client_id)
        return site, server

    yield make
    for server in made:
        server.close()


def _status(site, token):
    return site.client.request("GET", "/api/message_groups", token=token)


def _warm(site, token):
    """Calls until every worker has its keys."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            answers = list(pool.map(lambda _: _status(site, token), range(16)))
            assert {answer.status for answer in answers} == {200}, answers


def _by(mint, key, sub, kid=None):
    return Mint(key, mint.issuer, mint.client_id).token(sub, {"kid": kid or key.kid})


def test_start_fetches_nothing_that_nobody_needs_and_then_once(pool, people):
    site, server = pool(workers=1)
    person = people()
    for _ in range(10):
        assert _status(site, site.mint.token(person.sub)).status == 200
    assert server.hits == 1 and server.other_hits == 0


def test_key_rotation_is_picked_up_without_a_restart(pool, people, keys):
    """In the seed a rotation meant 401 until the next restart."""
    site, server = pool(workers=2)
    person = people()
    _warm(site, site.mint.token(person.sub))
    pids, new = site.workers.pids(), keys.other
    server.publish(keys.pool, new)
    token = _by(site.mint, new, person.sub)
    deadline = time.monotonic() + processes.scaled(30)
    right = 0
    while right < 20:
        answer = _status(site, token)
        assert answer.status in (200, 401), answer
        right = right + 1 if answer.status == 200 else 0
        assert time.monotonic() < deadline, "the new key was never fetched by all workers"
        if answer.status == 401:
            expect.unauthorized(answer)
            time.sleep(0.05)
    assert _status(site, site.mint.token(person.sub)).status == 200
    assert site.workers.pids() == pids
    _within_the_limit(server, 2)


def _within_the_limit(server, workers):
    """At most one fetch per worker in any window."""
    times = sorted(server.fetched_at)
    for index in range(len(times) - workers):
        gap = times[index + workers] - times[index]
        assert gap >= WINDOW - 0.5, f"{workers + 1} fetches within {gap:.1f} s"


def test_thousand_made_up_kids_are_one_fetch_per_worker_in_ten_seconds(pool, people, keys):
    site, server = pool(workers=2)
    person = people()
    _warm(site, site.mint.token(person.sub))
    tokens = [_by(site.mint, keys.foreign, person.sub, f"made-up-{index}")
              for index in range(1000)]
    started = time.monotonic()
    with ThreadPoolExecutor(8) as executor:
        answers = list(executor.map(lambda token: _status(site, token), tokens))
    assert {answer.status for answer in answers} == {401}
    windows = int((time.monotonic() - started) / WINDOW) + 2
    assert server.hits <= 2 * windows, f"{server.hits} fetches"
    _within_the_limit(server, 2)
    assert _status(site, site.mint.token(person.sub)).status == 200


def test_known_keys_go_on_working_while_cognito_is_down(make_worker, mint, people, keys):
    """One worker for each way of being down, so that the window passes but once for all."""
    person, cases = people(), []

    def get(worker, token):
        return worker.call("GET", "/api/message_groups", [("Authorization", f"Bearer {token}")])

    try:
        for fault in ("hang", "nonsense", "error", "truncated", "empty", "refuse"):
            server = JwksServer(POOL_ID, [keys.pool])
            worker = make_worker({"AWS_COGNITO_USER_POOL_ID": POOL_ID,
                                  "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.endpoint})
            own = Mint(keys.pool, server.issuer, mint.client_id)
            cases.append((fault, server, worker, own))
            expect.private(get(worker, own.token(person.sub)))
            server.mode = fault

        def refetched(server, worker, own):
            """True once an unknown kid made the worker ask again, which the window forbids first."""
            answer = expect.unauthorized(get(worker, _by(own, keys.other, person.sub)))
            assert answer.seconds < expect.SECONDS
            return server.hits == 2

        for fault, server, worker, own in cases:
            if fault == "refuse":
                server.refuse()
                expect.unauthorized(get(worker, _by(own, keys.other, person.sub)))
            else:
                processes.wait_until(lambda: refetched(server, worker, own), 60, fault, 0.1)
            for _ in range(5):
                answer = expect.private(get(worker, own.token(person.sub)))
                assert answer.seconds < processes.scaled(1), fault
            assert worker.call("GET", "/api/ready").json()["jwks"] == "ok", fault
    finally:
        for _, server, _, _ in cases:
            server.reset()
            server.refuse()


def test_start_with_cognito_down_is_503_and_then_recovers(pool, people):
    """In the seed an unreachable JWKS meant no start at all."""
    site, server = pool(workers=2, before=JwksServer.refuse)
    person = people()
    token = site.mint.token(person.sub)
    pids = site.workers.pids()
    for _ in range(4):
        expect.unavailable(_status(site, token))
    expect.unauthorized(_status(site, "no.real.token"))
    expect.unauthorized(site.get("/api/message_groups"))
    assert site.get("/api/ready").json()["jwks"] == "down"
    server.listen()
    deadline = time.monotonic() + processes.scaled(20)
    right = 0
    while right < 10:
        answer = _status(site, token)
        right = right + 1 if answer.status == 200 else 0
        if answer.status != 200:
            expect.unavailable(answer)
            time.sleep(0.05)
        assert time.monotonic() < deadline, "never recovered"
    assert site.workers.pids() == pids


@pytest.mark.parametrize("fault", ["hang", "nonsense", "error"])
def test_start_with_cognito_not_itself_is_503(pool, people, fault):
    def before(server):
        server.mode = fault

    site, _ = pool(workers=1, before=before)
    expect.unavailable(_status(site, site.mint.token(people().sub)))


def test_which_entries_of_the_set_are_keys(pool, people):
    """RSA of 2,048 to 4,096 bits, use and alg fitting or absent; anything else is skipped."""
    good = [Key("plain"), Key("bare"), Key("use-sig"), Key("alg-only"), Key("3072", 3072),
            Key("4096", 4096)]
    bad = [Key("1024", 1024), Key("2040", 2040), Key("4104", 4104), Key("use-enc"), Key("rs512"),
           Key("alg-none"), Key("use-number"), Key("not-rsa"), Key("n-missing"), Key("e-missing"),
           Key("n-number"), Key("n-padded"), Key("n-empty"), Key("e-even"), Key("e-one"),
           Key("kid-number")]
    changes = {
        "bare": {"use": None, "alg": None}, "use-sig": {"alg": None}, "alg-only": {"use": None},
        "use-enc": {"use": "enc"}, "rs512": {"alg": "RS512"}, "alg-none": {"alg": "none"},
        "use-number": {"use": 5}, "not-rsa": {"kty": "EC"}, "n-missing": {"n": None},
        "e-missing": {"e": None}, "n-number": {"n": 5}, "n-empty": {"n": ""},
        "e-even": {"e": number(65536)}, "e-one": {"e": number(1)}, "kid-number": {"kid": 5}}
    entries = [key.jwk(**changes.get(key.kid, {})) for key in bad]
    entries[11]["n"] += "=="
    entries += ["a string", None, 5, [], {}, {"kty": "oct", "k": "c2VjcmV0", "kid": "plain-oct"},
                {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "ec"}]
    entries += [key.jwk(**changes.get(key.kid, {})) for key in good]

    def before(server):
        server.entries = entries

    site, server = pool(workers=1, before=before)
    person = people()
    for key in good:
        assert _status(site, _by(site.mint, key, person.sub)).status == 200, key.kid
    for key in bad:
        answer = _status(site, _by(site.mint, key, person.sub))
        assert answer.status == 401, (key.kid, answer)
        expect.unauthorized(answer)
    assert server.hits <= 2
