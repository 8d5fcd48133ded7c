# SPDX-License-Identifier: MIT
"""A private working copy (scripts/dev up) with workers of our own, whose cost is read off: CPU time, DynamoDB's
capacity units. What it is made of are the parts of the system tests."""
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from backends import CLIENT, POOL, ROOT, port_open, wait_for
import contenders

sys.path.insert(0, str(ROOT / "tests" / "support"))
import dynamo_proxy  # noqa: E402
import jwks_server  # noqa: E402
import people  # noqa: E402
import processes  # noqa: E402
import rows  # noqa: E402
import stack  # noqa: E402
import tokens  # noqa: E402

TEXT = "The quick brown fox wrote this message, about eighty characters long, number %06d"


def at(n):
    """The n-th of a row of times, ascending."""
    return "2024-%02d-%02dT%02d:%02d:%02d.%06d+00:00" % (
        1 + n // 864000 % 12, 1 + n // 86400 % 10, n // 3600 % 24, n // 60 % 60, n % 60, n % 1000000)


def transaction_units(request):
    """What a transaction's writes cost the table by AWS's rule: twice a unit for each begun KiB of each item. DynamoDB
    Local says less for some (8 for 6 items). A row that is updated, deleted or checked is taken for under a KiB."""
    units = 0
    for write in request["TransactItems"]:
        item = write.get("Put", {}).get("Item", {})
        size = sum(len(name) + sum(len(text.encode()) for text in value.values()) for name, value in item.items())
        units += 2 * max(1, -(-size // 1024))
    return units


def consumed_units(operation, request, consumed):
    """Of one entry of ConsumedCapacity."""
    if operation != "TransactWriteItems":
        return consumed["CapacityUnits"]
    indexes = consumed.get("GlobalSecondaryIndexes", {}).values()
    return transaction_units(request) + sum(index["CapacityUnits"] for index in indexes)


class Meter(dynamo_proxy.DynamoProxy):
    """Asks DynamoDB what each call consumed, and adds it up until `take`."""

    def __init__(self, upstream):
        self._counting = threading.Lock()
        self._clear()
        super().__init__(upstream)

    def _clear(self):
        self.reads, self.writes, self.operations = 0.0, 0.0, []

    def _forward(self, handler, operation, body):
        request = json.loads(body)
        if operation in ("GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems",
                         "TransactGetItems", "BatchGetItem", "BatchWriteItem"):
            body = json.dumps({**request, "ReturnConsumedCapacity": "INDEXES"}).encode()
        status, headers, content = super()._forward(handler, operation, body)
        consumed = json.loads(content or b"{}").get("ConsumedCapacity") or [] if status == 200 else []
        is_read = operation in ("GetItem", "Query", "Scan", "TransactGetItems", "BatchGetItem")
        with self._counting:
            self.operations.append(operation if status == 200 else operation + " refused")
            for each in consumed if isinstance(consumed, list) else [consumed]:
                units = consumed_units(operation, request, each)
                self.reads += units if is_read else 0
                self.writes += 0 if is_read else units
        return status, headers, content

    def take(self):
        """(read units, write units, operations) since the last time."""
        with self._counting:
            taken = self.reads, self.writes, self.operations
            self._clear()
        return taken


class Lab:
    """in_memory: with a DynamoDB Local of its own that never writes to a disk, for filling large tables."""

    def __init__(self, in_memory=False):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an orderly end
        self.in_memory, self.dynamodb = in_memory, None
        try:
            self.binary = contenders.cruddur_fcgi()
        except contenders.Skip as why:
            raise SystemExit(str(why)) from None
        if (self.binary.parent / "Makefile").exists():
            os.environ.setdefault("CRUDDUR_BUILD_DIR", str(self.binary.parent))
        self.stack = stack.Stack()
        self.folder = Path(tempfile.mkdtemp(prefix="cruddur-lab-"))
        self.workers, self.meter, self.jwks = [], None, None

    def __enter__(self):
        print("starting a working copy of its own", file=sys.stderr)
        try:
            self.stack.up()
        except BaseException:
            self.stack.down()
            raise
        # Our own come in its place; and nothing else is to move rows.
        self.stack.dev("stop", "nginx", "workers")
        self.stack.dev("stop", "stream")
        if self.in_memory:
            self._start_dynamodb()
        key = tokens.Key("lab")
        self.jwks = jwks_server.JwksServer(POOL, [key])
        self.mint = tokens.Mint(key, self.jwks.issuer, CLIENT)
        self.meter = Meter(self.stack.env["AWS_ENDPOINT_URL_DYNAMODB"])
        self.settings = {**{name: value for name, value in self.stack.env.items()
                            if name not in ("BASE_URL", "DEV_PASSWORD", "DEV_USERS")},
                         "AWS_COGNITO_USER_POOL_ID": POOL, "AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT,
                         "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self.jwks.endpoint,
                         "CRUDDUR_LOG_LEVEL": "warn"}
        self.people = people.People(self.settings["CONNECTION_URL"])
        self.table = rows.Table(self.settings)
        return self

    def _start_dynamodb(self):
        home = max((Path(os.environ.get("CRUDDUR_TOOLS_DIR") or ROOT / "var" / "tools")).glob("dynamodb-*/"),
                   key=os.path.getmtime)
        port = processes.free_port()
        self.dynamodb = subprocess.Popen(
            ["java", "-Xmx2g", "-Djava.net.preferIPv4Stack=true", f"-Djava.io.tmpdir={self.folder}",
             "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb",
             "-port", str(port)], cwd=home, env={**os.environ, "LD_PRELOAD": "./dynamodb_local.so"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("DynamoDB Local", lambda: port_open(port), 60)
        self.stack.env["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://127.0.0.1:{port}"
        subprocess.run([str(ROOT / "scripts" / "ddb" / "schema-load"), "--quiet"], check=True,
                       env={**os.environ, **self.stack.env, "AWS_EC2_METADATA_DISABLED": "true"})

    def __exit__(self, *_):
        for worker in self.workers:
            worker.stop()
        if self.dynamodb:
            processes.end(self.dynamodb)
        self.jwks.close()
        self.meter.close()
        self.stack.down()
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)

    def metered(self):
        """The settings of a process whose calls to DynamoDB are counted."""
        return {**self.settings, "AWS_ENDPOINT_URL_DYNAMODB": self.meter.endpoint,
                "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.settings["AWS_ENDPOINT_URL_DYNAMODB"]}

    def worker(self, settings=None):
        made = processes.Worker(self.folder, self.binary, settings or self.settings)
        self.workers.append(made)
        return made.wait_ready()

    def token(self, person):
        return self.mint.token(person.sub)

    def call(self, worker, person, method, uri, body=None, headers=(), status=200, token=None):
        """One request; ends the run if it is not answered as it should be."""
        sent = [("Authorization", f"Bearer {token or self.token(person)}"), *headers]
        payload = json.dumps(body).encode() if body is not None else b""
        if body is not None:
            sent.append(("Content-Type", "application/json"))
        answer = worker.call(method, uri, sent, payload, timeout=30)
        if answer.status != status:
            raise SystemExit(f"{method} {uri}: {answer.status} {answer.body[:300]}, not {status}")
        return answer

    def bill(self, worker, *call, **more):
        """What one request consumes: (read units, write units, operations)."""
        self.meter.take()
        self.call(worker, *call, **more)
        return self.meter.take()

    def cpu_us(self, worker, person, uris, rounds, repeat=100):
        """CPU of the worker for a GET of each of the URIs: the medians of interleaved rounds."""
        token, taken = self.token(person) if person else None, {uri: [] for uri in uris}
        for _ in range(rounds):
            for uri in uris:
                before = cpu_ns(worker.process.pid)
                for _ in range(repeat):
                    self.call(worker, person, "GET", uri, token=token)
                taken[uri].append((cpu_ns(worker.process.pid) - before) / repeat / 1000)
        return [statistics.median(taken[uri]) for uri in uris]


def next_uri(answer):
    """Where the Link header points; None on the last page."""
    link = dict((name.lower(), value) for name, value in answer.headers).get("link")
    return link[link.index("<") + 1:link.index(">")] if link else None


def cpu_ns(pid):
    """Time on a CPU so far, by the scheduler's own account: finer than the ticks of stat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0])
