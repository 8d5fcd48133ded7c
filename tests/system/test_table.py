# SPDX-License-Identifier: MIT
"""The whole table after the run: every row that the product wrote has the contract's shape.

It runs last but holds at any time; what tests planted by hand is left out by its key.
"""
from collections import Counter

import pytest

import expect
from rows import GROUP_NAMES, MESSAGE_NAMES


@pytest.fixture(scope="module")
def written(shared_site, people, table):
    """The product's own rows, after at least one write of every kind."""
    left, right = people.several(2)
    group = shared_site.start(left, right, "start")["message_group_uuid"]
    shared_site.start(right, left, "again", key="start-key")
    shared_site.send(left, group, "send")
    shared_site.send(right, group, "send", key="send-key")
    rows = table.written()
    assert len(rows) >= 6
    return rows


def test_only_group_rows_are_in_the_index(table, written):
    """No other row may carry both message_group_uuid and sk, or the index would hold it."""
    for row in written:
        if not row["pk"].startswith("GRP#"):
            assert "message_group_uuid" not in row, row
    assert all(row["pk"].startswith("GRP#") for row in table.scan("message-group-sk-index"))


def test_group_and_message_rows_have_their_attributes_and_only_strings(written):
    for prefix, names in (("GRP#", GROUP_NAMES), ("MSG#", MESSAGE_NAMES)):
        rows = [row for row in written if row["pk"].startswith(prefix)]
        assert rows
        for row in rows:
            assert names <= set(row), row
            assert all(isinstance(value, str) for value in row.values()), row
            assert expect.UUID.fullmatch(row["pk"][4:]), row
            assert expect.CREATED_AT.fullmatch(row["sk"]), row
            assert expect.UUID.fullmatch(row["user_uuid"]), row


def test_message_uuids_are_all_different(written):
    uuids = [row["message_uuid"] for row in written if row["pk"].startswith("MSG#")]
    assert len(uuids) == len(set(uuids))


def test_every_group_of_the_product_has_two_members_who_name_each_other(written):
    members = {}
    for row in written:
        if row["pk"].startswith("GRP#"):
            members.setdefault(row["message_group_uuid"], []).append(row)
    for rows in members.values():
        assert len(rows) == 2, rows
        assert rows[0]["pk"] == "GRP#" + rows[1]["user_uuid"]
        assert rows[1]["pk"] == "GRP#" + rows[0]["user_uuid"]


def test_a_pair_has_one_conversation(written):
    pairs = Counter((row["pk"], row["user_uuid"]) for row in written
                    if row["pk"].startswith("GRP#"))
    assert not [pair for pair, count in pairs.items() if count > 1]
