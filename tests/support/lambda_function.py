# SPDX-License-Identifier: MIT
"""The Lambda function as Lambda runs it: unpacked from its archive, started with its settings.

Where the work comes from is runtime_api.py.
"""
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import processes

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "aws" / "package-lambda"
LAMBDA_MADE = {"AWS_LAMBDA_FUNCTION_NAME": "cruddur-stream", "_HANDLER": "any",
               "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "LANG": "en_US.UTF-8"}


def package(build, output):
    """Makes the archive; repeated, it gives the same bytes."""
    done = subprocess.run([str(SCRIPT), "--build-dir", str(build), "--output", str(output)],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return output


def unpack(archive, folder):
    """What Lambda does: files with their modes, and nothing else."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = Path(packed.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o777)
    return folder


class Function:
    """A started function; `root` makes its folder all that it can see."""

    def __init__(self, folder, settings, log, root=False, arguments=()):
        self.log = processes.LogReader(log)
        command = ["/usr/sbin/chroot", str(folder), "/bootstrap"] if root else \
            [str(Path(folder) / "bootstrap")]
        env = {name: value for name, value in {**LAMBDA_MADE, **settings}.items()
               if value is not None}
        with open(log, "wb") as stderr:
            self.process = subprocess.Popen(
                [*command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=stderr, env=env, cwd="/")

    def ends(self, seconds=10):
        """Its exit status, once it has one."""
        return self.process.wait(processes.scaled(seconds))

    def terminate(self):
        """SIGTERM; returns how many seconds it took to leave, which must be with status 0."""
        sent = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.ends() == 0, self.log.text()[-2000:]
        return time.monotonic() - sent

    def entries(self, event):
        return [entry for entry in self.log.entries() if entry["event"] == event]

    def rss_kb(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("it has no memory")

    def stop(self):
        processes.end(self.process)
        self.process.stdout.close()
        assert not self.log.complaints(), b"\n".join(self.log.lines()[-60:]).decode()
