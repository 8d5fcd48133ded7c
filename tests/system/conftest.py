# SPDX-License-Identifier: MIT
"""System tests: a black box seen through nginx, with real backends behind it.

Run them with `/usr/bin/python3 -m pytest tests/system`. One run starts one private working copy
(`scripts/dev up` with a folder and ports of its own; see tests/support/stack.py) and ends it again:
Postgres, DynamoDB Local and Cognito are that stack's. Most tests talk to workers of their own,
`site`, which trust a JWKS stand-in whose keys the tests hold, so that every claim of a token can be
varied; test_working_copy.py talks to the stack as `scripts/dev` leaves it, with Cognito's tokens.
Tests that break something take `make_site` or `chaos` and have workers to themselves.

CRUDDUR_BUILD_DIR reuses a build, CRUDDUR_FCGI another worker binary, CRUDDUR_FCGI_WRAPPER prefixes
it (/usr/bin/valgrind -q ..., a full path), and CRUDDUR_TEST_TIME_FACTOR stretches the limits of
time for such a run. CRUDDUR_TEST_PATIENCE stretches only waits for what is to come sooner or later.
"""
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.dont_write_bytecode = True

# Imports wait until the bytecode flag is set: a read-only source tree stays as it is.
import processes  # noqa: E402
import stack as stack_module  # noqa: E402

POOL_ID = "us-east-1_SystemTst"
CLIENT_ID = "4systemtestsclient0000001"
OTHER_CLIENT_ID = "4systemtestsclient0000002"
FRONTEND = "https://app.cruddur.test"
BACKEND = "https://api.cruddur.test"


def pytest_collection_modifyitems(items):
    """The scans of the whole table and of the logs say most when the rest has run."""
    last = {"test_table.py": 1, "test_logs.py": 2}
    items.sort(key=lambda item: last.get(Path(item.fspath).name, 0))


@pytest.fixture(scope="session")
def stack():
    lacking = stack_module.missing()
    if lacking:
        pytest.skip(f"not installed: {lacking}")
    made = stack_module.Stack()
    try:
        yield made.up()
    finally:
        made.down()


@pytest.fixture(scope="session")
def keys(stack):
    """The pool's signing key, one that will be its next, and one that no pool ever had."""
    from tokens import Key
    return SimpleNamespace(pool=Key("pool-key"), other=Key("other-key"), foreign=Key("pool-key"))


@pytest.fixture(scope="session")
def jwks(keys):
    from jwks_server import JwksServer
    server = JwksServer(POOL_ID, [keys.pool])
    yield server
    server.close()


@pytest.fixture(scope="session")
def mint(jwks, keys):
    from tokens import Mint
    return Mint(keys.pool, jwks.issuer, CLIENT_ID)


@pytest.fixture(scope="session")
def settings(stack, jwks):
    """A worker's environment: the stack's backends and the JWKS stand-in; an nginx brings its own
    live socket, and memory is shared by those of the same settings alone."""
    return {**{name: value for name, value in stack.env.items()
               if name not in ("BASE_URL", "DEV_PASSWORD", "DEV_USERS", "CRUDDUR_LIVE_SOCKET",
                            "CRUDDUR_SHARED_MEMORY")},
            "AWS_COGNITO_USER_POOL_ID": POOL_ID,
            "AWS_COGNITO_USER_POOL_CLIENT_ID": f"{OTHER_CLIENT_ID},{CLIENT_ID}",
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": jwks.endpoint,
            "FRONTEND_URL": FRONTEND, "BACKEND_URL": BACKEND, "CRUDDUR_LOG_LEVEL": "debug"}


@pytest.fixture(scope="session")
def table(stack):
    from rows import Table
    return Table(stack.env)


@pytest.fixture(scope="session")
def people(stack):
    """A factory of people who exist in Postgres and have met nobody yet."""
    from people import People
    return People(stack.env["CONNECTION_URL"])


def _build_site(stack, settings, mint, workers=2, limits=None, edits=None):
    from front import Nginx, live_socket
    from site_api import Site
    folder = Nginx.folder_in(stack.sockets)
    settings = {"CRUDDUR_LIVE_SOCKET": str(live_socket(folder)), **settings}
    made = processes.WorkerSet(stack.sockets, stack.binary, settings, workers)
    try:
        made.wait_ready()
        made.front = Nginx(folder, made.socket, settings, limits, edits).wait_ready()
    except BaseException:
        made.stop()
        raise
    return Site(made, made.front, mint)


@pytest.fixture(scope="session")
def shared_site(stack, settings, mint):
    made = _build_site(stack, settings, mint, workers=4)
    yield made
    made.workers.stop()


@pytest.fixture
def site(shared_site):
    """The shared workers behind nginx. No test may cost one of them its life."""
    before = shared_site.workers.pids()
    yield shared_site
    assert shared_site.workers.pids() == before, (
        "a worker died: " + shared_site.workers.log.text()[-3000:].decode("utf-8", "replace"))


@pytest.fixture
def make_site(stack, settings, mint):
    """A factory of workers with nginx in front: `make_site({"NAME": "changed"}, workers=2)`."""
    made = []

    def make(changes=None, workers=2, limits=None, edits=None):
        site = _build_site(stack, {**settings, **(changes or {})}, mint, workers, limits, edits)
        made.append(site.workers)
        return site

    yield make
    _stop_all(made)


def _stop_all(made):
    """Stops every one of them, then fails for the first that ended badly."""
    failures = []
    for workers in made:
        try:
            workers.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def make_worker(stack, settings):
    """A factory of single workers without parent or nginx, spoken to in FastCGI."""
    made = []

    def make(changes=None, ready=True):
        worker = processes.Worker(stack.sockets, stack.binary, {**settings, **(changes or {})})
        made.append(worker)
        return worker.wait_ready() if ready else worker

    yield make
    _stop_all(made)


@pytest.fixture(scope="session")
def shared_chaos(stack, settings, mint):
    from urllib.parse import urlsplit
    from dynamo_proxy import DynamoProxy
    from tcp_proxy import TcpProxy
    url = urlsplit(stack.env["CONNECTION_URL"])
    postgres = TcpProxy((url.hostname, url.port))
    dynamo = DynamoProxy(stack.env.get("AWS_ENDPOINT_URL_DYNAMODB")
                         or stack.env["AWS_ENDPOINT_URL"])
    netloc = url.netloc.rpartition("@")[0] + f"@127.0.0.1:{postgres.port}"
    changed = {**settings, "CONNECTION_URL": url._replace(netloc=netloc.lstrip("@")).geturl(),
               "AWS_ENDPOINT_URL_DYNAMODB": dynamo.endpoint}
    made = _build_site(stack, changed, mint, workers=4)
    yield SimpleNamespace(site=made, postgres=postgres, dynamo=dynamo, settings=changed)
    postgres.close()
    dynamo.close()
    made.workers.stop()


@pytest.fixture
def chaos(shared_chaos):
    """Workers whose way to Postgres (`.postgres`) and DynamoDB (`.dynamo`) the test can break."""
    shared_chaos.postgres.reset()
    shared_chaos.dynamo.reset()
    yield shared_chaos
    shared_chaos.postgres.reset()
    shared_chaos.dynamo.reset()


@pytest.fixture
def make_world(stack, settings, people):
    """A factory of messages tables for the stream consumer; see tests/support/stream_world.py."""
    from stream_world import World
    made = []

    def make():
        made.append(World(stack, settings, people))
        return made[-1]

    yield make
    _close_all(made)


@pytest.fixture
def world(make_world):
    return make_world()


@pytest.fixture
def scene(world):
    """A table with a stand-in for its stream; see tests/support/stream_scene.py."""
    from stream_scene import Scene
    made = Scene(world)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_live(stack, settings, mint, people):
    from stream_world import World
    world, site = World(stack, settings, people), None
    try:
        site = _build_site(stack, world.settings, mint, workers=4)
        yield SimpleNamespace(world=world, site=site, daemon=world.start(), barrier=world.talk())
    finally:
        if site:
            site.workers.stop()
        world.close()


@pytest.fixture
def live(shared_live):
    """A table that a `cruddur-stream` looks after, and workers in front of it. No test may cost the
    daemon its life."""
    yield shared_live
    assert shared_live.daemon.process.poll() is None, shared_live.daemon.tail()


def _close_all(made):
    failures = []
    for world in made:
        try:
            world.close()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def streams():
    """A factory of live streams: `streams.open(site, person)`; see tests/support/live_stream.py."""
    from live_stream import Streams
    made = Streams()
    yield made
    made.close()


@pytest.fixture
def pair(people):
    """Two people who have not met."""
    return people.several(2)


@pytest.fixture
def folder():
    """A short-named folder, good for Unix sockets."""
    made = Path(tempfile.mkdtemp(prefix="cr-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)
