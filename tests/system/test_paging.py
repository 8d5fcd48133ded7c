# SPDX-License-Identifier: MIT
"""?limit= and ?cursor= on both lists: every item once, across years, and nobody else's rows."""
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import expect
from rows import LegacyConversation, group_row
from site_api import some_uuid

MESSAGES = 250
GROUPS = 45


def _times(count):
    """Three calendar years, the former service's naive form first, then zoned ones."""
    times = []
    for index in range(count):
        year, rest = 2022 + index * 3 // count, index % (count // 3 + 1)
        text = f"{year}-{rest // 28 % 12 + 1:02d}-{rest % 28 + 1:02d}T23:59:59"
        times.append(text + (f".{index:06d}" if index % 5 else "")
                     + ("" if year == 2022 else "+02:00" if index % 2 else "+00:00"))
    assert len(set(times)) == count
    return sorted(times, key=str.encode)


@pytest.fixture(scope="module")
def talk(people, table):
    left, right = people.several(2)
    return LegacyConversation(table, left, right, _times(MESSAGES))


@pytest.fixture(scope="module")
def popular(people, table):
    """Somebody with GROUPS conversations over three years."""
    me, *others = people.several(GROUPS + 1)
    rows = [group_row(me, other, some_uuid(), sk, f"to {other.handle}")
            for other, sk in zip(others, _times(GROUPS))]
    table.plant(*rows)
    return me, rows


@pytest.mark.parametrize("limit", [1, 2, 20, 100, None])
def test_every_message_once_across_three_years(site, talk, limit):
    """The seed looked for keys that begin with this year, 20 of them, and never further."""
    query = f"?limit={limit}" if limit else ""
    pages = site.pages(talk.right, f"/api/messages/{talk.group}{query}")
    size = limit or 20
    assert [len(page) for page in pages] == (
        [size] * (MESSAGES // size) + ([MESSAGES % size] if MESSAGES % size else []))
    assert sum(pages[::-1], []) == talk.expected_messages()


@pytest.mark.parametrize("limit", [1, 9, 20, 44, 45, 100])
def test_every_group_once_across_three_years(site, popular, limit):
    me, rows = popular
    pages = site.pages(me, f"/api/message_groups?limit={limit}")
    assert [len(page) for page in pages] == (
        [limit] * (GROUPS // limit) + ([GROUPS % limit] if GROUPS % limit else []))
    shown = [(item["uuid"], item["created_at"], item["handle"], item["message"])
             for item in sum(pages, [])]
    assert shown == [(row["message_group_uuid"], row["sk"], row["user_handle"], row["message"])
                     for row in rows[::-1]]


def test_groups_whose_times_are_no_ascii_are_paged_through(site, people, table):
    """The second call of a later page asks from just below the page's start: by a character, not by a byte."""
    me, *others = people.several(5)
    keys = [f"2023-01-01T00:00:0{second}{end}" for second, end in enumerate(("", "\u00e9", "\u20ac", "\U0001f600"))]
    table.plant(*[group_row(me, other, some_uuid(), sk) for other, sk in zip(others, keys)])
    pages = site.pages(me, "/api/message_groups?limit=1")
    assert [item["created_at"] for page in pages for item in page] == keys[::-1]


def test_twenty_groups_by_default(site, popular):
    assert len(site.groups(popular[0])) == 20


def test_link_names_the_limit_and_a_cursor(site, talk):
    path = f"/api/messages/{talk.group}?limit=7"
    link = site.get(path, talk.left).next_link()
    query = parse_qs(urlsplit(link).query)
    assert query["limit"] == ["7"] and len(query["cursor"]) == 1
    assert urlsplit(site.client.follow(path, link)).path == f"/api/messages/{talk.group}"


def test_link_of_the_default_limit_names_it_too(site, talk):
    link = site.get(f"/api/messages/{talk.group}", talk.left).next_link()
    assert parse_qs(urlsplit(link).query)["limit"] == ["20"]


def test_last_page_has_no_link_even_when_it_is_full(site, pair):
    group = site.start(*pair, "1")["message_group_uuid"]
    site.send(pair[0], group, "2")
    for limit in (2, 3, 100):
        assert site.get(f"/api/messages/{group}?limit={limit}", pair[0]).next_link() is None
    assert site.get(f"/api/messages/{group}?limit=1", pair[0]).next_link()
    assert site.get("/api/message_groups?limit=1", pair[0]).next_link() is None


def test_head_has_the_link_too(site, talk):
    path = f"/api/messages/{talk.group}?limit=20"
    assert site.request("HEAD", path, talk.left).next_link() == site.get(
        path, talk.left).next_link()


def test_new_messages_do_not_shift_older_pages(site, pair, table):
    conversation = LegacyConversation(table, *pair, _times(9))
    path, seen = f"/api/messages/{conversation.group}?limit=2", []
    while path:
        answer = expect.private(site.get(path, pair[0]))
        seen.append(answer.json())
        link = answer.next_link()
        path = site.client.follow(path, link) if link else None
        site.send(pair[1], conversation.group, "meanwhile")
    assert sum(seen[::-1], []) == conversation.expected_messages()


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "abc", "1e1", "0x10", "%31%30%30%30",
                                   "99999999999999999999", "%D9%A3", "1%20", "%201", "1;2", "+5",
                                   "null", "-0", "1,2", "1%00"])
def test_bad_limit(site, talk, limit):
    for path in ("/api/message_groups", f"/api/messages/{talk.group}"):
        expect.error(site.get(f"{path}?limit={limit}", talk.left), 400, "malformed_request")


def test_limit_is_percent_decoded(site, talk):
    assert len(site.messages(talk.left, talk.group, "?limit=%31%30")) == 10
    assert len(site.messages(talk.left, talk.group, "?%6cimit=3")) == 3


def _cursor(site, who, path):
    link = site.get(path, who).next_link()
    return parse_qs(urlsplit(link).query)["cursor"][0]


@pytest.mark.parametrize("cursor", ["", "abc", "0", "null", "{}", "AAAA", "..", "%00", "a" * 3000,
                                    "2023-04-15T10:11:12.123456", "eyJwayI6Ik1TRyN4In0", "%ff%fe",
                                    "%F0%9F%98%80"])
def test_bad_cursor(site, talk, cursor):
    for path in ("/api/message_groups", f"/api/messages/{talk.group}"):
        expect.error(site.get(f"{path}?cursor={cursor}", talk.left), 400, "malformed_request")


def test_cursor_of_another_conversation_is_refused(site, talk, pair, table):
    """Also when both conversations are the caller's own, with the very same sk."""
    other = LegacyConversation(table, talk.left, pair[0], talk.times[:30])
    theirs = LegacyConversation(table, *pair, talk.times[:30])
    own = _cursor(site, talk.left, f"/api/messages/{talk.group}?limit=2")
    foreign = [_cursor(site, talk.left, f"/api/messages/{other.group}?limit=2"),
               _cursor(site, pair[0], f"/api/messages/{theirs.group}?limit=2")]
    for cursor in foreign:
        expect.error(site.get(f"/api/messages/{talk.group}?cursor={quote(cursor)}", talk.left), 400,
                     "malformed_request")
    expect.error(site.get(f"/api/messages/{other.group}?cursor={quote(own)}", talk.left), 400,
                 "malformed_request")


def test_cursor_of_the_other_kind_of_list_is_refused(site, talk, popular):
    me, rows = popular
    groups = _cursor(site, me, "/api/message_groups?limit=2")
    messages = _cursor(site, talk.left, f"/api/messages/{talk.group}?limit=2")
    expect.error(site.get(f"/api/messages/{talk.group}?cursor={quote(groups)}", talk.left), 400,
                 "malformed_request")
    expect.error(site.get(f"/api/message_groups?cursor={quote(messages)}", me), 400,
                 "malformed_request")


def test_cursor_of_another_persons_groups_is_refused(site, talk, popular):
    cursor = _cursor(site, popular[0], "/api/message_groups?limit=2")
    expect.error(site.get(f"/api/message_groups?cursor={quote(cursor)}", talk.left), 400,
                 "malformed_request")


def test_cursor_of_one_member_works_for_the_other(site, talk):
    """Both page through the same messages; a cursor is bound to the conversation."""
    path = f"/api/messages/{talk.group}?limit=5"
    links = {site.get(path, member).next_link() for member in (talk.left, talk.right)}
    assert all(site.get(site.client.follow(path, link), talk.left).status == 200 for link in links)


def test_tampered_cursor_never_opens_another_partition_nor_fails(site, pair, table, talk):
    mine = LegacyConversation(table, *pair, _times(12))
    own = {row["message_uuid"] for row in mine.rows}
    cursor = _cursor(site, pair[0], f"/api/messages/{mine.group}?limit=2")
    for index in range(len(cursor)):
        for letter in "A9":
            changed = cursor[:index] + letter + cursor[index + 1:]
            answer = site.get(f"/api/messages/{mine.group}?cursor={quote(changed)}", pair[0])
            assert answer.status in (200, 400), answer
            if answer.status == 200:
                assert {item["uuid"] for item in answer.json()} <= own
            else:
                expect.error(answer, 400, "malformed_request")


@pytest.mark.parametrize("query", ["limit=1&limit=1", "limit=1&limit=2", "limit=1&%6cimit=1"])
def test_parameter_given_twice_is_refused(site, talk, query):
    for path in ("/api/message_groups", f"/api/messages/{talk.group}"):
        expect.error(site.get(f"{path}?{query}", talk.left), 400, "malformed_request")


def test_cursor_given_twice_is_refused(site, talk):
    path = f"/api/messages/{talk.group}"
    cursor = quote(_cursor(site, talk.left, path + "?limit=2"))
    expect.error(site.get(f"{path}?cursor={cursor}&cursor={cursor}", talk.left), 400,
                 "malformed_request")


@pytest.mark.parametrize("query", ["?foo=bar", "?", "?foo", "?LIMIT=0", "?limits=0", "?=",
                                   "?foo=%20&bar=&baz"])
def test_unknown_parameters_are_ignored(site, talk, query):
    answer = site.get(f"/api/messages/{talk.group}{query}", talk.left)
    assert len(expect.private(answer).json()) == 20
    assert len(site.messages(talk.left, talk.group, "?foo=1&limit=2")) == 2
