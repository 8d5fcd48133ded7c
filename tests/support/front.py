# SPDX-License-Identifier: MIT
"""An nginx of its own in front of one set of workers, with the project's API configuration, and the
one beside it that holds live streams.

The configuration is conf/nginx as it is shipped, the working copy's form of it.
"""
import http.client
import os
import re
import shutil
import socket as socket_module
import subprocess
import tempfile
from pathlib import Path

import processes
from processes import LogReader

CONF = Path(__file__).resolve().parents[2] / "conf" / "nginx"

NOBODY = "https://nobody.invalid"


def _limited(text, limits):
    """The same configuration with tight limits: `rate`, or `conn` with the `status` it answers."""
    if not limits:
        return text
    kept = "\n".join(line for line in text.splitlines()
                     if not line.strip().startswith(("limit_req", "limit_conn"))
                     or "cruddur_live" in line)
    if "rate" in limits:
        zone = f"limit_req_zone $binary_remote_addr zone=tight:1m rate={limits['rate']};"
        inside = "limit_req zone=tight nodelay; limit_req_status 429;"
    else:
        zone = "limit_conn_zone $binary_remote_addr zone=tight:1m;"
        inside = f"limit_conn tight {limits['conn']}; limit_conn_status {limits['status']};"
    return kept.replace("server {\n", f"{zone}\nserver {{\n{inside}\n", 1)


def live_socket(folder):
    """Where workers hand in live events to the nginx of this folder."""
    return Path(folder) / "live" / "live-publish.sock"


def live_configuration(folder):
    """conf/nginx/live.conf with its folders and its user replaced, as scripts/dev does it."""
    text = (CONF / "live.conf").read_text("utf-8")
    user = "user root root;\n" if os.geteuid() == 0 else ""
    for old, new in (("load_module", f"{user}load_module"),
                     ("/run/cruddur-live", str(live_socket(folder).parent)),
                     ("/run/cruddur", str(live_socket(folder).parent)),
                     ("error_log stderr warn;", f'error_log "{Path(folder) / "live.log"}" warn;')):
        assert old in text, old
        text = text.replace(old, new)
    return text


def configuration(folder, ports, socket, settings, limits=None):
    """conf/nginx/dev.conf.in with its names filled in, as scripts/dev does it."""
    text = (CONF / "dev.conf.in").read_text("utf-8")
    values = {"USER": "user root root;" if os.geteuid() == 0 else "", "PREFIX": str(folder),
              "LOG": str(folder), "PORT": str(ports[0]), "METRICS_PORT": str(ports[1]),
              "SOCKET": str(socket), "QUEUE": "512",
              "WEB": str(CONF.parents[1] / "web"),
              "COGNITO_URL": settings["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"],
              "USER_POOL": settings["AWS_COGNITO_USER_POOL_ID"],
              "CLIENT": settings["AWS_COGNITO_USER_POOL_CLIENT_ID"].partition(",")[0],
              "LIVE": str(live_socket(folder).parent),
              "FRONTEND_URL": settings.get("FRONTEND_URL") or NOBODY,
              "BACKEND_URL": settings.get("BACKEND_URL") or NOBODY + ":2"}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    left = re.findall("@[A-Z_]+@", text)
    assert not left, f"names in dev.conf.in that nobody here fills in: {left}"
    # HTTP/2 as browsers speak it, but on a Unix socket and without TLS.
    text = text.replace("\n\t\tserver_name localhost;",
                        f'\n\t\tlisten "unix:{folder}/h2.sock" http2;\n\t\tserver_name localhost;')
    return _limited(text, limits)


class Nginx:
    """Listens on a free port of 127.0.0.1 and passes /api/ to the workers' socket."""

    @staticmethod
    def folder_in(folder):
        """Where one is going to live: its live socket has to be known before the workers start."""
        made = Path(tempfile.mkdtemp(prefix="n-", dir=folder))
        made.chmod(0o755)
        return made

    def __init__(self, folder, socket, settings, limits=None, edits=None):
        """`edits` changes files of the configuration: {name: function of its text}; of a file that
        is not there, it makes one."""
        self.folder, edits = Path(folder), dict(edits or {})
        self.access_log = LogReader(self.folder / "access.log")
        self.error_log = LogReader(self.folder / "nginx.log")
        self.live_log = LogReader(self.folder / "live.log")
        self.port = processes.free_port(2)
        self.metrics_port = self.port + 1
        (self.folder / "tmp").mkdir()
        live_socket(self.folder).parent.mkdir(mode=0o700)
        edit = edits.pop("live.conf", lambda text: text)
        (self.folder / "live.conf").write_text(edit(live_configuration(self.folder)), "utf-8")
        self._copy_shared(edits)
        (self.folder / "nginx.conf").write_text(
            configuration(self.folder, (self.port, self.metrics_port), socket, settings, limits),
            "utf-8")
        self.start_live()
        self._start()

    def _copy_shared(self, edits):
        shared = self.folder / "cruddur"
        if not edits:
            shared.symlink_to(CONF)
            return
        shutil.copytree(CONF, shared)
        for name, edit in edits.items():
            before = (shared / name).read_text("utf-8") if (shared / name).exists() else ""
            after = edit(before)
            assert after != before, f"{name} is not what the test takes it for"
            (shared / name).write_text(after, "utf-8")

    def _run(self, name, *more):
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        return subprocess.Popen(
            [binary, "-p", str(self.folder), "-c", str(self.folder / f"{name}.conf"),
             "-e", str(self.folder / f"{name}.log"), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start(self):
        self.process = self._run("nginx")

    def start_live(self):
        """The nginx that holds the streams."""
        self.live = self._run("live", "-g", "daemon off;")
        processes.wait_until(lambda: self.live.poll() is not None or self._live_listens(), 10,
                             "the nginx of the streams listens")
        assert self.live.poll() is None, self.live_log.text()[-2000:]

    def _live_listens(self):
        try:
            with socket_module.socket(socket_module.AF_UNIX) as sock:
                sock.connect(str(live_socket(self.folder)))
            return True
        except OSError:
            return False

    def stop_live(self):
        processes.end(self.live)

    def live_pids(self):
        """The processes that hold streams; there has to be one."""
        return processes.children(self.live.pid)

    def pids(self):
        return processes.children(self.process.pid)

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self):
        processes.wait_until(self._listens, 10, "nginx listens")
        return self

    def _listens(self):
        assert self.process.poll() is None, self.error_log.text()[-2000:]
        try:
            conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            conn.request("GET", "/")
            conn.getresponse().read()
            conn.close()
            return True
        except OSError:
            return False

    def stop(self):
        processes.end(self.process)
        processes.end(self.live)
