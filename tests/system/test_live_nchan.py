# SPDX-License-Identifier: MIT
"""What kills an nginx process with Debian 12's nchan (1.3.6), against the configuration as shipped.

slact/nchan fixed the first in 1.3.7 (commits 7765ec14 and bacb7b67, src/store/spool.c): a
subscriber that names a message that is long gone, beside one that waits. The reproduction is run
without the guards as well: it has to bite, or it would prove nothing.
"""
import re
import subprocess
import time

import pytest

import fastcgi
import processes
from front import CONF, live_socket
from live_stream import left_of_span

# conf/nginx/live.conf: nchan_message_timeout
MESSAGE_SECONDS = 2
OLD_IDS = {
    "old Last-Event-ID": [("Last-Event-ID", "1:0")],
    "old If-Modified-Since": [("If-None-Match", "0"),
                              ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT")],
}
ODD_IDS = ["", "x", "0", "1", "1:", ":0", "-1:0", "1:-1", "99999999999999999999:0", "1:[0]",
           "1:0,[1]", "1:0,2:0", "1:99999999999", "\u00e4", "A" * 4000, "1795623913:0",
           "1:0:0:0", "%00", "[", "1,2:3,4"]


def _without_guards(text):
    return re.sub(r"\tnchan_subscriber_(last_message_id|first_message) .*;\n", "", text)


def _channel(site, person):
    """The name that a worker gives to nginx, which no client sees."""
    params = fastcgi.environ("GET", "/api/live", [
        ("Authorization", f"Bearer {site.token(person)}")]) + [("CRUDDUR_INTERNAL", "live")]
    return fastcgi.call(site.workers.socket, params).header("Cruddur-Live-Channel")


def _straight(site, person):
    """To the nginx of the streams, past the front door that lets no header through."""
    return {"unix": live_socket(site.front.folder).parent / "live-stream.sock", "token": "none",
            "path": f"/stream?channel={_channel(site, person)}"}


def _provoke(site, left, right, streams, headers, straight):
    """The only message of the channel expires, one waits there, a second one asks for an old one,
    and a message comes."""
    processes.wait_until(lambda: left_of_span(right) > 8, 10, "a span begins")
    group = site.start(left, right)["message_group_uuid"]
    expired = time.monotonic() + MESSAGE_SECONDS + 1
    processes.wait_until(lambda: time.monotonic() > expired, 5, "the message has expired")
    way = _straight(site, right) if straight else {"token": site.token(right)}
    waiting = streams.open(site, **way).ready()
    asking = streams.open(site, headers=headers, **way).ready()
    return waiting, asking, site.send(left, group)["uuid"]


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize("name", OLD_IDS)
def test_old_message_id_is_not_looked_at(site, pair, streams, name, straight):
    before = site.front.live_pids()
    waiting, asking, uuid = _provoke(site, *pair, streams, OLD_IDS[name], straight)
    waiting.wait_message(uuid)
    asking.wait_message(uuid)
    assert asking.uuids() == [uuid], "an id brought an old message back"
    assert site.front.live_pids() == before


def test_the_reproduction_kills_an_nginx_that_is_not_guarded(make_site, pair, streams):
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"],
                             capture_output=True, text=True, check=False).stdout
    if version != "1:1.3.6+dfsg-2":
        pytest.skip(f"made for nchan 1:1.3.6+dfsg-2, this is {version}")
    site = make_site(workers=1, edits={"live.conf": _without_guards})
    before, front = site.front.live_pids(), site.front.pids()
    _provoke(site, *pair, streams, OLD_IDS["old Last-Event-ID"], True)
    processes.wait_until(lambda: b"exited on signal" in site.front.live_log.text(), 5,
                         "a process dies of it")
    assert site.front.live_pids() != before
    assert site.front.pids() == front, "and the front door does not notice"


def test_no_message_id_of_any_form_matters(site, pair, streams):
    left, right = pair
    before = site.front.live_pids()
    group = site.start(left, right)["message_group_uuid"]
    opened = [streams.open(site, right).ready()]
    for odd in ODD_IDS:
        text = odd.encode("utf-8").decode("latin-1")
        headers = [("Last-Event-ID", text), ("If-None-Match", text), ("If-Modified-Since", text)]
        for some in (headers[:1], headers[1:], headers):
            opened.append(streams.open(site, token=site.token(right), headers=some))
            assert opened[-1].status == 200
    path = "/api/live?last_event_id=1:0&time=1&tag=0"
    opened.append(streams.open(site, token=site.token(right), path=path))
    sent = site.send(left, group)["uuid"]
    for stream in opened:
        stream.wait_message(sent)
    assert site.front.live_pids() == before


def test_what_else_a_subscriber_could_be_is_no_way_in(site, people, streams):
    """Other forms of nchan's subscribers have had crashes of their own."""
    before, person = site.front.live_pids(), people()
    websocket = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
                 ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "A" * 22 + "==")]
    for headers in (websocket, [("TE", "chunked")], [("Accept", "multipart/mixed")], [("Range", "bytes=0-")]):
        stream = streams.open(site, token=site.token(person), headers=headers).ready()
        assert stream.header("Content-Type") == "text/event-stream; charset=utf-8"
    assert site.front.live_pids() == before


def test_configuration_never_uses_what_killed_nginx():
    """nchan_authorize_request is a signal 11 of its own; the guards stand where streams are; and two
    processes that share channels write to freed memory."""
    for path in sorted(CONF.iterdir()):
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        assert not [line for line in lines if line.startswith("nchan_authorize_request")], path
        if any(line.startswith("nchan_subscriber ") for line in lines):
            assert 'nchan_subscriber_last_message_id "";' in lines, path
            assert "nchan_subscriber_first_message newest;" in lines, path
            assert "worker_processes 1;" in lines, path
