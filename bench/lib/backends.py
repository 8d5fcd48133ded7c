# SPDX-License-Identifier: MIT
"""The backends of a benchmark, the same for everybody: Postgres, the DynamoDB stub, tokens, nginx."""
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
ROOT = BENCH.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
import tokens  # noqa: E402 (the tests' own mint)

POOL, CLIENT, TABLE = "us-east-1_bench", "benchclient", "cruddur-messages"
USERS = 10000
TOKEN_SECONDS = 6 * 3600


def user_uuid(i):
    return "aaaaaaaa-aaaa-4aaa-8aaa-%012x" % i


def group_uuid(i):
    return "bbbbbbbb-bbbb-4bbb-8bbb-%012x" % i


def sub(i):
    return "eeeeeeee-eeee-4eee-8eee-%012x" % i


def handle(i):
    return "user%05d" % i


class Processes:
    """What is started here is also ended here, by pid, in the reverse order."""

    def __init__(self):
        self.work = Path(tempfile.mkdtemp(prefix="cruddur-bench-"))
        self.work.chmod(0o755)
        self.log_dir = self.work / "log"
        self.log_dir.mkdir()
        self.running, self.good = [], False

    def start(self, name, command, env=None, cwd=None, end=signal.SIGTERM, stdin=subprocess.DEVNULL):
        with open(self.log_dir / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in command], env=env, cwd=cwd, stdin=stdin,
                                       stdout=log, stderr=log, start_new_session=True)
        self.running.append((process, end))
        return process

    def end(self, process):
        end = dict(self.running)[process]
        if process.poll() is None:
            process.send_signal(end)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        try:  # a supervisor may leave children: each start has its own process group
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.running.remove((process, end))

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, kind, *_):
        for process, _ in reversed(self.running[:]):
            self.end(process)
        if kind is None:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            print(f"logs are kept in {self.log_dir}", file=sys.stderr)


def wait_for(what, ready, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"{what} did not come up in {seconds} s; see its log")


def port_open(port):
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def compile_c(out, sources, *flags):
    """Builds a program with the flags of a distribution: -O2, nothing of this machine in particular."""
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", str(out),
                    *(str(BENCH / source) for source in sources), *flags], check=True)


def start_postgres(processes, port, users=USERS):
    """A cluster of its own with that many users; returns the connection URL."""
    home = Path("/usr/lib/postgresql")
    bin_dir = home / max((entry.name for entry in home.iterdir()), key=int) / "bin"
    data, as_postgres = processes.work / "pg", []
    data.mkdir()
    if os.getuid() == 0:  # Postgres refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(data, account.pw_uid, account.pw_gid)
        as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    subprocess.run([*as_postgres, bin_dir / "initdb", "-U", "postgres", "-A", "trust", "-N", data / "data"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/")
    processes.start("postgres", [
        *as_postgres, bin_dir / "postgres", "-D", data / "data", "-p", port, "-k", data, "-h", "127.0.0.1",
        "-c", "fsync=off", "-c", "max_connections=600", "-c", "shared_buffers=128MB"],
        cwd="/", end=signal.SIGINT)
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(data), "-p", str(port), "-U", "postgres"]
    wait_for("postgres", lambda: subprocess.run([*psql, "-c", "select 1"], capture_output=True,
                                                check=False).returncode == 0)
    subprocess.run([*psql, "-c", "CREATE DATABASE cruddur"], check=True)
    subprocess.run([*psql, "-d", "cruddur", "-f", str(ROOT / "sql" / "schema.sql"),
                    "-c", insert_users(0, users - 1)], check=True)
    return f"postgresql://postgres@/cruddur?host={data}&port={port}"


def insert_users(first, last):
    return f"""
        INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id)
        SELECT ('aaaaaaaa-aaaa-4aaa-8aaa-' || lpad(to_hex(i), 12, '0'))::uuid, 'Person ' || i,
               'user' || lpad(i::text, 5, '0'), 'user' || i || '@example.com',
               'eeeeeeee-eeee-4eee-8eee-' || lpad(to_hex(i), 12, '0')
        FROM generate_series({first}, {last}) i ON CONFLICT DO NOTHING;
        ANALYZE public.users"""


def start_stub(processes, build_dir, port, delay=0, rows=20):
    program = build_dir / "ddbstub"
    compile_c(program, ["stub/ddbstub.c", "stub/canned.c"])
    processes.start("ddbstub", [program, port, delay, rows])
    wait_for("ddbstub", lambda: port_open(port))
    return f"http://127.0.0.1:{port}"


class Tokens:
    """A pool of our own: a key, its JWKS as a file under `folder`, and a token for each user."""

    def __init__(self, folder, endpoint):
        self.key = tokens.Key()
        self.mint = tokens.Mint(self.key, f"{endpoint}/{POOL}", CLIENT)
        well_known = folder / POOL / ".well-known"
        well_known.mkdir(parents=True)
        (well_known / "jwks.json").write_text(json.dumps({"keys": [self.key.jwk()]}))

    def token(self, i):
        return self.mint.token(sub(i), exp=int(time.time()) + TOKEN_SECONDS)

    def write_users(self, path, count):
        """A line "token uuid group handle" for each; see wrk/api.lua."""
        lines = [[self.token(i), user_uuid(i), group_uuid(i), handle(i)] for i in range(1, count + 1)]
        path.write_text("".join(" ".join(line) + "\n" for line in lines))
        return lines


def settings(connection_url, dynamodb, cognito, home):
    """The whole environment of a contender."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "CONNECTION_URL": connection_url,
            "AWS_COGNITO_USER_POOL_ID": POOL, "AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT,
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": cognito,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLEEX",
            "AWS_SECRET_ACCESS_KEY": "secret", "CRUDDUR_MESSAGES_TABLE": TABLE,
            "FRONTEND_URL": "http://127.0.0.1:1", "BACKEND_URL": "http://127.0.0.1:1"}


NGINX = """
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/log/nginx-error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off; default_type application/json;
    client_body_temp_path {work}/tmp/b; proxy_temp_path {work}/tmp/p; fastcgi_temp_path {work}/tmp/f;
    uwsgi_temp_path {work}/tmp/u; scgi_temp_path {work}/tmp/s;
    keepalive_requests 1000000; client_body_buffer_size 32k;
    fastcgi_buffers 16 8k; proxy_buffers 16 8k;
    server {{ listen 127.0.0.1:{jwks_port}; root {work}/www; }}
    {servers}
}}
"""
HTTP_SERVER = """
    upstream {id} {{ server unix:{socket}; keepalive 256; }}
    server {{ listen 127.0.0.1:{port};
        location /api/ {{ proxy_pass http://{id}; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""
FASTCGI_SERVER = """
    server {{ listen 127.0.0.1:{port};
        location /api/ {{ fastcgi_pass unix:{socket}; include {params}; }} }}
"""


def start_nginx(processes, jwks_port, contenders=()):
    """One nginx in front of everybody; it also serves the JWKS."""
    work = processes.work
    (work / "tmp").mkdir()
    servers = "".join((FASTCGI_SERVER if c.fastcgi else HTTP_SERVER).format(
        id=c.id, socket=c.socket, port=c.front_port, params=c.params) for c in contenders)
    (work / "nginx.conf").write_text(NGINX.format(
        work=work, jwks_port=jwks_port, servers=servers, user="user root;" if os.getuid() == 0 else ""))
    processes.start("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-p", work, "-c", work / "nginx.conf",
                              "-e", work / "log" / "nginx-error.log"], end=signal.SIGQUIT)
    url = f"http://127.0.0.1:{jwks_port}/{POOL}/.well-known/jwks.json"
    wait_for("nginx", lambda: urllib.request.urlopen(url).status == 200)
