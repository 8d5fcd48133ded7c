# SPDX-License-Identifier: MIT
"""The group rows follow the messages: what people see while a `cruddur-stream` runs.

Most tests share one table and one daemon (`live`); what is broken by hand is in the other
test_stream_*.py. Whether the end is right is said by tests/support/table_check.py.
"""
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

import processes
from dynamo_proxy import DynamoProxy
from rows import message_row
from stream_world import now_sk, sk_at

GROUPS, MESSAGES, SENDERS = 50, 1000, 8
# Times of other programs, each list in the order of its bytes.
ODD_TIMES = {
    "naive": ["2023-04-15T10:11:12.123456", "2023-04-15T10:11:13", "2023-04-16T00:00:00.000001"],
    "zoned": ["2023-04-15T10:11:12.123456+02:00", "2023-04-15T10:11:13+02:00", "2024-01-01T00:00Z"],
    "mixed": ["2022-12-31T23:59:59.999999", "2023-01-01T00:00:00Z", "2023-04-15 10:11:12",
              "2023-07-01T12:00:00-05:00", "2024-02-29"],
}


def _pass_barrier(live):
    """When this returns, whatever was written before has been seen by the daemon."""
    live.barrier.wait_shows(live.barrier.say(), 10)


def _shown(site, person, group):
    return [item for item in site.groups(person, "?limit=100") if item["uuid"] == group]


def test_send_is_in_both_lists_within_a_second_though_the_stream_was_idle(world, make_site):
    """The slowest phase of reading, three times: a daemon that starts has seen no record yet, and
    the send comes right after a read. One of them may meet a busy machine."""
    site, seconds = make_site({"CRUDDUR_MESSAGES_TABLE": world.name}), []
    talk = world.talk()
    world.once()
    for turn in range(3):
        streams = DynamoProxy(world.settings["AWS_ENDPOINT_URL_DYNAMODB"])
        daemon = world.start({"AWS_ENDPOINT_URL_DYNAMODB_STREAMS": streams.endpoint})
        processes.wait_until(lambda: streams.calls["GetRecords"] >= 3, 10, "it reads")
        sent = site.send(talk.right, talk.group, f"turn {turn}")
        started = time.monotonic()
        for person in (talk.left, talk.right):
            processes.wait_until(
                lambda: [(item["message"], item["created_at"]) for item in _shown(
                    site, person, talk.group)] == [(f"turn {turn}", sent["created_at"])],
                5, "the list shows it")
        seconds.append(time.monotonic() - started)
        daemon.finish()
        streams.close()
    assert sorted(seconds)[1] < processes.scaled(1.0), seconds


def test_sends_are_in_both_lists_within_a_second(live, people):
    left, right = people.several(2)
    group = live.site.start(left, right, "start")["message_group_uuid"]
    for turn in range(5):
        live.site.send((left, right)[turn % 2], group, f"turn {turn}")
        started = time.monotonic()
        processes.wait_until(lambda: all(
            [item["message"] for item in _shown(live.site, person, group)] == [f"turn {turn}"]
            for person in (left, right)), 5, "both lists show it")
        assert time.monotonic() - started < processes.scaled(1.0), turn


@pytest.fixture(scope="module")
def burst(shared_live, people):
    """A thousand sends into fifty conversations of one person, whose list is read meanwhile."""
    live, hub = shared_live, people()
    talks = [live.world.talk(hub, ours=n % 2 == 0) for n in range(GROUPS)]
    expected, ended = {talk.group for talk in talks}, threading.Event()
    result = SimpleNamespace(polls=0, faults=[], seconds=None, sent_in=None)

    def poll():
        newest = {}
        while not ended.is_set():
            shown = live.site.groups(hub, "?limit=100")
            uuids = [item["uuid"] for item in shown]
            result.polls += 1
            if len(uuids) != len(set(uuids)):
                result.faults.append(("twice", sorted(uuids)))
            if set(uuids) != expected:
                result.faults.append(("lost", expected ^ set(uuids)))
            for item in shown:
                if item["created_at"] < newest.get(item["uuid"], ""):
                    result.faults.append(("back", item))
                newest[item["uuid"]] = item["created_at"]

    def send(number):
        talk = talks[number * 7 % GROUPS]
        live.site.send((talk.left, talk.right)[number % 2], talk.group, f"burst {number}")

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        started = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(send, range(MESSAGES)))
        result.sent_in = time.monotonic() - started
        result.seconds = live.world.wait_right(60)
    finally:
        ended.set()
        poller.join()
    return result


def test_thousand_messages_over_fifty_groups_converge(burst, capsys, record_property):
    record_property("convergence_seconds", round(burst.seconds, 2))
    with capsys.disabled():
        print(f"\n{MESSAGES} messages over {GROUPS} groups sent in {burst.sent_in:.1f} s; "
              f"right {burst.seconds:.1f} s after the last ", end="")
    assert burst.seconds < max(processes.scaled(20), burst.sent_in)


def test_list_never_shows_a_conversation_twice_nor_loses_one_nor_goes_back(burst):
    assert burst.polls > 20
    assert burst.faults == []


def test_edit_of_the_newest_message_shows(live):
    talk = live.world.talk()
    row = talk.say()
    talk.wait_shows(row)
    talk.edit(row, "edited")
    talk.wait_shows({**row, "message": "edited"})


def test_edit_of_an_old_message_does_not_drag_the_conversation_back(live):
    talk = live.world.talk()
    old, newest = talk.say(), talk.say()
    talk.wait_shows(newest)
    talk.edit(old, "edited")
    talk.edit(talk.messages[0], "edited as well")
    _pass_barrier(live)
    assert talk.shows(newest["message"], newest["sk"])


def test_message_that_is_older_than_the_newest_does_not_drag_the_conversation_back(live):
    talk = live.world.talk()
    late = now_sk()
    newest = talk.say()
    talk.wait_shows(newest)
    talk.say(sk=late)
    _pass_barrier(live)
    assert talk.shows(newest["message"], newest["sk"])


def test_removed_message_is_ignored(live):
    talk = live.world.talk()
    old, newest = talk.say(), talk.say()
    talk.wait_shows(newest)
    live.world.table.remove(newest)
    _pass_barrier(live)
    assert talk.shows(newest["message"], newest["sk"])
    talk.edit(old, "edited")
    _pass_barrier(live)
    assert talk.shows(newest["message"], newest["sk"])
    talk.wait_shows(talk.say())


def test_unknown_attributes_of_every_kind_survive(live):
    talk = live.world.talk()
    for turn in range(3):
        talk.wait_shows(talk.say(f"turn {turn}"))
    for person in (talk.left, talk.right):
        assert any(name.startswith("marker_") for name in talk.row(person))
    live.world.wait_right(5)


@pytest.mark.parametrize("form", ODD_TIMES)
def test_rows_of_other_programs_follow(live, form):
    first, *more = ODD_TIMES[form]
    talk = live.world.talk(ours=False, at=first)
    for sk in more:
        talk.wait_shows(talk.say(sk=sk))
    live.world.wait_right(5)


def test_names_of_the_other_member_stay(live):
    talk = live.world.talk(ours=False)
    talk.wait_shows(talk.say())
    for me, other in ((talk.left, talk.right), (talk.right, talk.left)):
        row = talk.row(me)
        assert (row["user_uuid"], row["user_display_name"], row["user_handle"]) == (
            other.uuid, other.display_name, other.handle)


@pytest.mark.parametrize("sk", [None, "2026-07-08T09:10:11", "2026-07-08T09:10:11Z",
                                "2026-07-08T09:10:11.999999+00:00"])
def test_two_groups_of_one_person_at_one_time_both_stay(live, people, sk):
    hub = people()
    at = sk_at(1700000000_000000 if sk is None else 1600000000_000000)
    talks = [live.world.talk(hub, at=sk_at(1500000000_000000 + n)) for n in range(3)]
    sk = sk or at
    for talk in talks:
        talk.say(sk=sk)
    processes.wait_until(lambda: all(
        len(talk.rows(hub)) == 1 and talk.rows(hub)[0]["message"] == talk.messages[-1]["message"]
        for talk in talks), 10, "each shows its own newest message")
    assert len({talk.row(hub)["sk"] for talk in talks}) == 3
    live.world.wait_right(5)
    for talk in talks:
        talk.wait_shows(talk.say(sk=sk_at(1800000000_000000 + talks.index(talk))))


def test_own_writes_do_not_wake_it_in_a_loop(live):
    talk = live.world.talk()
    talk.wait_shows(talk.say())
    _pass_barrier(live)
    before = live.daemon.figures()
    _pass_barrier(live)
    after = live.daemon.figures()
    # The barrier's message, its two new rows, its two MBR# rows, two removed rows; and as much
    # again for what was still unread of the first.
    assert after["records"] - before["records"] <= 14


def test_message_row_that_others_wrote_without_a_group_row_on_one_side(live):
    """What an interrupted former Lambda leaves: the next message heals it."""
    talk = live.world.talk(ours=False, marks=False)
    _pass_barrier(live)
    live.world.table.remove(*talk.rows(talk.right))
    talk.wait_shows(talk.say())
    live.world.wait_right(5)


def test_conversation_that_the_api_starts_needs_no_help(live, people):
    left, right = people.several(2)
    sent = live.site.start(left, right, "hello")
    _pass_barrier(live)
    for person in (left, right):
        rows = [row for row in live.world.table.groups(person)]
        assert [(row["sk"], row["message"]) for row in rows] == [(sent["created_at"], "hello")]


def test_group_of_a_message_may_be_spelt_in_upper_case_by_nobody(live):
    """A pk is compared as stored: another spelling is another partition, not this group's."""
    talk = live.world.talk()
    upper = message_row(talk.group.upper(), talk.left, now_sk(), "elsewhere")
    live.world.table.plant(upper)
    _pass_barrier(live)
    assert talk.shows(talk.messages[0]["message"], talk.messages[0]["sk"])
    live.world.table.remove(upper)


def test_other_rows_of_the_table_are_left_alone(live):
    rows = [{"pk": f"IDM#{uuid.uuid4()}#key", "sk": "IDM", "message": "x", "expires_at": 1},
            {"pk": f"OTHER#{uuid.uuid4()}", "sk": "x", "message": "y"},
            {"pk": "MSG", "sk": now_sk(), "message": "z", "message_uuid": "u"}]
    live.world.table.plant(*rows)
    _pass_barrier(live)
    for row in rows:
        assert live.world.table.query(row["pk"]) == [row]
    live.world.table.remove(*rows)
