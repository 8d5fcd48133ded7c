# SPDX-License-Identifier: MIT
"""Debian's redis-server for one test: on a free port of 127.0.0.1, nothing written to disk; and what
makes the shipped nginx configuration use it."""
import shutil
import socket
import subprocess

import processes


class Redis:
    def __init__(self, folder):
        self.folder, self.port = folder, processes.free_port()
        self.process = None
        self.start()

    def start(self):
        binary = shutil.which("redis-server") or "/usr/bin/redis-server"
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        processes.wait_until(self.answers, 10, "Redis answers")

    def ask(self, *words):
        """One command, and the answer as it comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall((" ".join(words) + "\r\n").encode("ascii"))
            return sock.recv(65536)

    def answers(self):
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def stop(self):
        processes.end(self.process)

    def edits(self):
        """For front.Nginx: what conf/nginx/live-store.conf tells to do."""
        upstream = ("upstream cruddur_live_redis { nchan_redis_server "
                    f"redis://127.0.0.1:{self.port}/0; }}\n")
        return {
            "live-store.conf": lambda text: text.replace("#nchan_redis_pass", "nchan_redis_pass"),
            "live-redis.conf": lambda _: upstream}
