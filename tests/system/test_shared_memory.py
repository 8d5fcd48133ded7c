# SPDX-License-Identifier: MIT
"""Memory that workers share: whoever dies and whatever becomes of the file, answers are right."""
import os
import re
import signal
import stat
from pathlib import Path

import pytest

import expect
import processes
from test_caches import Api

SIZE = 4 * 1024 * 1024
HEADER = Path(__file__).resolve().parents[2] / "src" / "shared" / "memory.h"
VERSION = re.search(r"define SHARED_MEMORY_VERSION (\d+)", HEADER.read_text())[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shared"


def _file(path):
    """The version of what stands in it ends its name."""
    made = list(path.parent.glob(f"{path.name}.*"))
    assert len(made) == 1, made
    return made[0]


def _maps(worker, file):
    return str(file) in Path(f"/proc/{worker.process.pid}/maps").read_text()


def test_workers_map_one_file_that_only_their_user_can_touch(make_worker, path):
    workers = [make_worker({"CRUDDUR_SHARED_MEMORY": str(path)}) for _ in range(2)]
    file = _file(path)
    info = file.stat()
    assert stat.S_IMODE(info.st_mode) == 0o600 and info.st_size == SIZE
    assert all(_maps(worker, file) for worker in workers)


def test_worker_that_was_killed_leaves_memory_that_others_go_on_with(make_worker, people, mint,
                                                                     path):
    setting = {"CRUDDUR_SHARED_MEMORY": str(path)}
    person, first = people(), make_worker(setting)
    expect.private(Api(first, mint).groups(person))
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    for api in (Api(make_worker(setting), mint), Api(make_worker(setting), mint)):
        for _ in range(2):
            expect.private(api.groups(person))


def test_random_bytes_in_the_file_let_nobody_in(make_worker, people, mint, path):
    setting = {"CRUDDUR_SHARED_MEMORY": str(path)}
    first, person = make_worker(setting), people()
    token = mint.token(person.sub)
    expect.private(Api(first, mint).groups(person, token))
    with open(_file(path), "r+b") as file:
        content = bytearray(file.read())
        # Each word that holds something gets another value, so that entries are there, and wrong.
        for at in range(0, len(content), 8):
            if any(content[at:at + 8]):
                content[at] ^= 0x5A
        file.seek(0)
        file.write(content)
    api = Api(first, mint)
    expect.private(api.groups(person, token))
    expect.unauthorized(api.groups(person, token[:-6] + "AAAAAA"))


@pytest.mark.parametrize("broken", ["folder that is not there", "link", "too small"])
def test_file_that_cannot_be_used_is_said_once_and_done_without(make_worker, people, mint, path,
                                                                broken):
    file = path.with_name(f"{path.name}.{VERSION}")
    if broken == "link":
        file.symlink_to(path.with_name("elsewhere"))
    elif broken == "too small":
        file.write_bytes(b"x" * 100)
        file.chmod(0o600)
    else:
        path = path / "missing"
    worker = make_worker({"CRUDDUR_SHARED_MEMORY": str(path)})
    person, api = people(), Api(worker, mint)
    for _ in range(2):
        expect.private(api.groups(person))
    said = [line for line in worker.log.lines() if b"shared_memory_not_used" in line]
    assert len(said) == 1 and str(path).encode() in said[0], said


def test_default_file_goes_with_the_last_worker(make_worker, settings):
    before = set(Path("/dev/shm").glob("cruddur-*"))
    # A scope of its own, so that no other test's worker has the same file.
    name = "AWS_COGNITO_USER_POOL_CLIENT_ID"
    changes = {name: f"{settings[name]},other{os.getpid()}"}
    workers = [make_worker(changes) for _ in range(2)]
    file, = [file for file in set(Path("/dev/shm").glob("cruddur-*")) - before
             if _maps(workers[0], file)]
    assert _maps(workers[1], file)
    for worker, left in zip(workers, (True, False)):
        worker.process.send_signal(signal.SIGTERM)
        processes.wait_until(lambda: worker.process.poll() is not None, 5, "the worker leaves")
        assert file.exists() == left


def test_set_to_nothing_there_is_no_file(make_worker):
    worker = make_worker({"CRUDDUR_SHARED_MEMORY": ""})
    assert "/dev/shm/cruddur-" not in Path(f"/proc/{worker.process.pid}/maps").read_text()
