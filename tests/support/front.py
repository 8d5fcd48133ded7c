# SPDX-License-Identifier: MIT
"""An nginx of its own in front of one set of workers, with the project's API configuration.

The included files are those of conf/nginx as they are shipped; only what surrounds them is ours.
"""
import http.client
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import processes
from processes import LogReader

CONF = Path(__file__).resolve().parents[2] / "conf" / "nginx"

TEMPLATE = """\
daemon off;
%(user)s
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }
http {
    client_body_temp_path body;
    fastcgi_temp_path fastcgi;
    proxy_temp_path proxy;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include cruddur/cruddur-http.conf;
    map $http_origin $cruddur_origin {
        %(origins)s
        default "";
    }
    upstream cruddur_workers { server unix:%(socket)s; }
    %(zones)s
    access_log access.log cruddur;
    server {
        listen 127.0.0.1:%(port)d backlog=512;
        server_tokens off;
        %(limits)s
        include cruddur/cruddur-api.conf;
        location / { return 404; }
    }
}
"""


def _limits(limits):
    """Directives for `rate` (requests by address) or `conn` (connections by address)."""
    if not limits:
        return "", ""
    if "rate" in limits:
        return (f"limit_req_zone $binary_remote_addr zone=r:1m rate={limits['rate']};",
                "limit_req zone=r nodelay; limit_req_status 429;")
    return ("limit_conn_zone $binary_remote_addr zone=c:1m;",
            f"limit_conn c {limits['conn']}; limit_conn_status {limits['status']};")


class Nginx:
    """Listens on a free port of 127.0.0.1 and passes /api/ to the workers' socket."""

    def __init__(self, folder, socket, settings, limits=None):
        self.folder = Path(tempfile.mkdtemp(prefix="nginx-", dir=folder))
        self.folder.chmod(0o755)
        (self.folder / "cruddur").symlink_to(CONF)
        self.access_log = LogReader(self.folder / "access.log")
        self.error_log = LogReader(self.folder / "error.log")
        self.port = processes.free_port()
        origins = [settings.get("FRONTEND_URL"), settings.get("BACKEND_URL")]
        zones, directives = _limits(limits)
        (self.folder / "nginx.conf").write_text(TEMPLATE % {
            "user": f"user {pwd.getpwuid(0).pw_name} root;" if os.geteuid() == 0 else "",
            "origins": " ".join(f'"{origin}" $http_origin;' for origin in origins if origin),
            "socket": socket, "port": self.port, "zones": zones, "limits": directives}, "ascii")
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [binary, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
             "-e", str(self.folder / "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

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
