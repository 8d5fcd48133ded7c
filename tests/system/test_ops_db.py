# SPDX-License-Identifier: MIT
"""scripts/db: every script with and without data, twice, and before a server that is down."""
import json
import os
import shutil
from urllib.parse import urlsplit

import pytest

import ops
from aws_scripts import AwsScripts, names
from processes import wait_until

DB = [script.removeprefix("db/") for script in ops.SCRIPTS if script.startswith("db/")]
DOWN = "postgresql://cruddur:s3cret@127.0.0.1:1/cruddur"


@pytest.fixture
def nothing(stack):
    """A database that does not exist."""
    made = ops.Database(stack.env)
    yield made
    made.remove()


@pytest.fixture
def empty(nothing):
    return nothing.create()


@pytest.fixture
def loaded(empty):
    """A database with tables and the working copy's people."""
    empty.do("schema-load")
    empty.do("seed")
    return empty


def test_create_makes_a_database_once(nothing):
    assert "made database" in nothing.do("create").stderr
    assert nothing.query("SHOW server_encoding") == "UTF8"
    assert "there already" in nothing.do("create").stderr


def test_drop_wants_the_name_typed_back(empty):
    for typed in ("", "y\n", "yes\n", "cruddur\n", f"{empty.name} \n"):
        done = empty.run("drop", typed=typed)
        assert done.returncode == 1 and "not confirmed" in done.stderr, typed
    assert empty.exists()
    empty.do("drop", typed=f"{empty.name}\n")
    assert not empty.exists()


def test_drop_of_none_is_no_error_and_asks_nothing(nothing):
    done = nothing.do("drop")
    assert "there is no database" in done.stderr and "Type" not in done.stderr


def test_drop_leaves_a_database_in_use_alone_unless_forced(empty):
    with empty.session() as session:
        session.stdin.write("SELECT 1;\n")
        assert session.stdout.readline() == "1\n"
        done = empty.run("drop", "--yes")
        assert done.returncode == 1 and "in use: 1 sessions" in done.stderr
        empty.do("drop", "--yes", "--force")
        assert not empty.exists()
        session.stdin.close()


def test_schema_load_records_its_migrations_and_leaves_tables_alone(empty):
    assert "made the tables" in empty.do("schema-load").stderr
    empty.query("INSERT INTO users (display_name, handle) VALUES ('A', 'a')")
    assert "tables already" in empty.do("schema-load").stderr
    assert empty.query("SELECT count(*) FROM users") == "1"
    assert "up to date" in empty.do("migrate").stderr


def test_schema_load_twice_at_once_loads_once(empty):
    done = ops.at_once([lambda: empty.do("schema-load")] * 3)
    assert sum("made the tables" in one.stderr for one in done) == 1
    assert empty.query("SELECT count(*) FROM schema_migrations") == str(
        len(list((ops.ROOT / "sql" / "migrations").glob("*.up.sql"))))


def test_seed_adds_nobody_twice_and_keeps_who_is_there(loaded):
    loaded.query("UPDATE users SET display_name = 'Ambassador' WHERE handle = 'londo'")
    loaded.do("seed")
    assert loaded.query("SELECT count(*), min(display_name) FILTER (WHERE handle = 'londo')"
                        " FROM users") == "3|Ambassador"


@pytest.mark.parametrize("script", ["seed", "update-cognito-user-ids"])
def test_a_database_without_tables_is_said_to_be_one(empty, script):
    done = empty.run(script)
    assert done.returncode == 1 and "users" in done.stderr and "does not exist" in done.stderr


def test_a_database_that_is_not_there_is_said_to_be_missing(nothing):
    for script in ("schema-load", "migrate", "rollback"):
        done = nothing.run(script, "--yes")
        assert done.returncode == 1 and "scripts/db/create makes it" in done.stderr, script


def test_sessions_shows_the_others_and_kill_all_ends_them(empty):
    with empty.session() as session:
        session.stdin.write("SELECT 'look at me';\n")
        assert session.stdout.readline() == "look at me\n"
        shown = empty.do("sessions").stdout
        assert "look at me" in shown and shown.count("psql") == 1, shown
        assert "ended 1 sessions" in empty.do("kill-all").stderr
        session.stdin.close()
    assert "ended 0 sessions" in empty.do("kill-all").stderr
    assert "look at me" not in empty.do("sessions").stdout


def test_connect_hands_over_to_psql(empty):
    done = empty.run("connect", "--", "-A", "-t", "-c", "SELECT current_database()")
    assert done.stdout.strip() == empty.name, done.stderr
    assert empty.run("connect", typed="SELECT 40 + 2;").stdout.split()[2] == "42"
    assert empty.run("connect", "--", "-c", "nonsense").returncode == 1


def test_setup_goes_from_nothing_to_people_with_accounts_and_again(nothing):
    nothing.do("setup")
    joined = "SELECT count(*) FROM users WHERE cognito_user_id IS NOT NULL"
    assert nothing.query(joined) == "3"
    nothing.query("INSERT INTO users (display_name, handle) VALUES ('A', 'a')")
    done = nothing.run("setup")
    assert done.returncode == 1 and nothing.query("SELECT count(*) FROM users") == "4"
    with nothing.session() as session:
        session.stdin.write("SELECT 1;\n")
        session.stdout.readline()
        nothing.do("setup", typed=f"{nothing.name}\n")
        session.stdin.close()
    assert (nothing.query("SELECT count(*) FROM users"), nothing.query(joined)) == ("3", "3")


def test_without_settings_the_working_copy_is_meant(stack):
    done = ops.run("db/connect", "--", "-A", "-t", "-c", "SHOW port", env={"CRUDDUR_VAR": str(stack.var)})
    assert done.stdout.strip() == str(urlsplit(stack.env["CONNECTION_URL"]).port), done.stderr
    # An empty value is somebody's wish, not a gap.
    done = ops.run("db/connect", env={"CRUDDUR_VAR": str(stack.var), "CONNECTION_URL": ""})
    assert done.returncode == 1 and "CONNECTION_URL is not set" in done.stderr


def test_dry_runs_print_calls_and_make_none(loaded, nothing):
    before = loaded.schema()
    for script, words in (("create", ""), ("drop", "DROP DATABASE"), ("seed", "sql/seed.sql"),
                          ("setup", "DROP DATABASE"), ("kill-all", "pg_terminate_backend"),
                          ("rollback", ".down.sql"), ("schema-load", "sql/schema.sql"),
                          ("connect", loaded.name), ("sessions", "pg_stat_activity")):
        done = loaded.do(script, "--dry-run")
        assert words in done.stdout and bool(words) == bool(done.stdout), (script, done.stdout)
        assert "-d postgresql://cruddur@" in done.stdout or not words
    assert loaded.schema() == before
    assert loaded.query("SELECT count(*) FROM users") == "3"


def test_a_server_that_is_down_is_said_to_be_in_one_line(stack):
    env = {**stack.env, "CONNECTION_URL": DOWN}
    results = ops.at_once([lambda s=script: (s, ops.run(f"db/{s}", "--yes", "--quiet", env=env))
                           for script in DB])
    for script, done in results:
        first = done.stderr.splitlines()[0]
        assert done.returncode == 1 and "s3cret" not in done.stderr + done.stdout, script
        assert first.startswith(f"{script}: no connection to postgresql://cruddur@"), first
        assert "refused" in done.stderr and len(done.stderr.splitlines()) < 5, done.stderr


# --- Accounts, from a user pool of several pages ---------------------------------------------------


def account(handle, sub, status="CONFIRMED", username=None, email=None, verified="true", enabled=True):
    """Somebody's; by default the e-mail address is that of the seed."""
    attributes = {"sub": sub, "preferred_username": handle, "email_verified": verified,
                  "email": email or f"{handle}@example.com"}
    return {"Username": username or sub, "UserStatus": status, "Enabled": enabled,
            "Attributes": [{"Name": name, "Value": value} for name, value in attributes.items() if value]}


@pytest.fixture
def update(loaded, folder):
    """Runs the script before a pool that is laid out page by page; `rows` says who has which id."""
    aws = AwsScripts(folder)

    class Update:
        @staticmethod
        def pool(*pages):
            aws.answer("cognito-idp.list-users", *[
                {"Users": page, **({"PaginationToken": f"{number} \\n'"} if page != pages[-1] else {})}
                if isinstance(page, list) else page for number, page in enumerate(pages)])

        @staticmethod
        def run(*options):
            (folder / "calls").write_text("", "utf-8")
            return loaded.run("update-cognito-user-ids", *options, env={
                "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "AWS_STAND_IN": str(folder)})

        @staticmethod
        def rows():
            return json.loads(loaded.query("SELECT json_object_agg(handle, cognito_user_id)"
                                           " FROM users"))

    Update.aws, Update.database = aws, loaded
    return Update


def test_accounts_of_all_pages_are_joined_once(update):
    odd = "na\\me\t\n'; DROP TABLE users; --"
    for _ in range(2):
        update.pool([account("andrewbrown", "sub-a"), account(odd, "sub-x")], [],
                    [account("testuser", "sub-t", email="TestUser@Example.COM"), account("londo", "sub-l")])
        done = update.run()
        assert done.returncode == 0, done.stderr
        tokens = [call.option("--pagination-token") for call in update.aws.calls]
        assert tokens == [None, "0 \\n'", "1 \\n'"]
        assert update.rows() == {"andrewbrown": "sub-a", "testuser": "sub-t", "londo": "sub-l"}
    assert "0 people got another" in done.stderr


def test_a_dry_run_prints_the_rows_that_would_change(update):
    update.pool([account("andrewbrown", "sub-a")])
    done = update.run("--dry-run")
    assert done.stdout.splitlines()[0] == (
        "UPDATE public.users SET cognito_user_id = 'sub-a' WHERE handle = 'andrewbrown';")
    assert set(update.rows().values()) == {None}


def test_nobody_gets_an_account_that_is_not_theirs(update):
    """Handles in the pool are what their owners say they are."""
    update.database.query("UPDATE users SET cognito_user_id = 'sub-a' WHERE handle = 'andrewbrown'")
    update.pool([account("andrewbrown", "sub-thief"), account("londo", "sub-a"),
                 account("testuser", "sub-new", status="UNCONFIRMED")])
    assert update.run().returncode == 0
    assert update.rows() == {"andrewbrown": "sub-a", "testuser": None, "londo": None}
    update.pool([account("londo", "sub-1"), account("londo", "sub-2")])
    assert "several accounts have the handle 'londo'" in update.run().stderr
    assert update.rows()["londo"] is None


@pytest.mark.parametrize("claim", [
    {"email": "attacker@evil.example"}, {"verified": "false"}, {"verified": None},
    {"email": "londo@example.com.evil.example"}])
def test_a_handle_alone_gives_nobody_the_messages_of_a_person(update, claim):
    """preferred_username is what anybody who signs up says of himself."""
    for options in ((), ("--trust-handles",)):
        update.pool([account("londo", "sub-thief", **claim)])
        done = update.run(*options)
        assert done.returncode == 0 and update.rows()["londo"] is None
        assert "account 'sub-thief' has the handle 'londo': the e-mail address is another" in done.stderr
    # The owner is not kept out by it.
    update.pool([account("londo", "sub-thief", **claim), account("londo", "sub-l")])
    assert update.run().returncode == 0 and update.rows()["londo"] == "sub-l"


def test_people_without_an_address_are_joined_only_if_handles_are_trusted(update):
    update.database.query("UPDATE users SET email = CASE handle WHEN 'londo' THEN '' END")
    pool = [account("londo", "sub-l"), account("testuser", "sub-t"), account("andrewbrown", "sub-a", enabled=False)]
    update.pool(pool)
    done = update.run()
    assert "account 'sub-l' has the handle 'londo': nobody knows" in done.stderr and "sub-a" not in done.stderr
    assert set(update.rows().values()) == {None}
    update.pool(pool)
    assert "2 people got another" in update.run("--trust-handles").stderr
    assert update.rows() == {"andrewbrown": None, "testuser": "sub-t", "londo": "sub-l"}


def test_neither_user_names_nor_disabled_accounts_count_as_handles(update):
    update.pool([account(None, "sub-l", username="londo", email="londo@example.com"),
                 account("testuser", "sub-t", enabled=False)])
    assert update.run("--trust-handles").returncode == 0 and set(update.rows().values()) == {None}
    # Whose account was disabled still has it: nobody else gets the row.
    update.database.query("UPDATE users SET cognito_user_id = 'sub-t' WHERE handle = 'testuser'")
    update.pool([account("testuser", "sub-t", enabled=False), account("testuser", "sub-2")])
    assert update.run().returncode == 0 and update.rows()["testuser"] == "sub-t"


def test_what_strangers_wrote_stays_in_its_line(update):
    odd = "lo\nDROP TABLE users;\x1b[2J\u2028 ' \\ é"
    update.database.psql("-v", f"odd={odd}", "-f", "-", typed="""
        UPDATE users SET handle = :'odd' WHERE handle = 'londo';
        UPDATE users SET handle = 'x' || :'odd', email = NULL WHERE handle = 'testuser';""")
    update.pool([account(odd, "sub-l", email="londo@example.com"), account(f"x{odd}", "sub-1"),
                 account(f"x{odd}", "sub-2"), account("nul\0", "sub-0")])
    shown = r"lo\u000aDROP TABLE users;\u001b[2J\u2028 '' \\ é'"
    done = update.run("--dry-run", "--trust-handles")
    assert done.returncode == 0, done.stderr
    first, counts, several = done.stdout.splitlines()
    assert first == f"UPDATE public.users SET cognito_user_id = 'sub-l' WHERE handle = E'{shown};"
    assert counts.startswith("-- 1 people of 3") and several.startswith(f"-- several accounts have the handle E'x{shown}:")
    assert "sub-1" in update.run("--dry-run").stdout.splitlines()[2]
    update.database.psql("-f", "-", typed=first)
    assert update.rows()[odd] == "sub-l"


def test_an_account_that_is_gone_is_replaced(update):
    """A pool that was made anew has other ids."""
    update.database.query("UPDATE users SET cognito_user_id = 'old ' || handle")
    update.pool([account("andrewbrown", "sub-a"), account("testuser", "sub-t")])
    assert "2 people got another" in update.run().stderr
    assert update.rows() == {"andrewbrown": "sub-a", "testuser": "sub-t", "londo": "old londo"}


def test_a_pool_that_breaks_off_changes_nobody(update):
    update.pool([account("andrewbrown", "sub-a")], "TooManyRequestsException")
    done = update.run()
    assert done.returncode == 1 and "TooManyRequests" in done.stderr
    assert names(update.aws.calls) == ["cognito-idp.list-users"] * 2
    assert set(update.rows().values()) == {None}


# --- Servers that only seem to be here -------------------------------------------------------------


@pytest.fixture
def forwarded(folder):
    """A psql that meets a server which says it is at 10.9.8.7, as one behind a tunnel does."""
    (folder / "psql").write_text(f"""#!/usr/bin/python3
import os, sys
os.execv({shutil.which("psql")!r}, ["psql", *(
    word.replace("inet_server_addr()", "inet '10.9.8.7'") for word in sys.argv[1:])])
""", "utf-8")
    (folder / "psql").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_a_forwarded_port_is_not_this_host(loaded, forwarded):
    for script, done in ops.at_once([
            lambda s=script: (s, loaded.run(s, "--yes", env=forwarded)) for script in DB]):
        assert done.returncode == 1 and done.stdout == "", script
        assert "not on this host: the server behind" in done.stderr and "is at 10.9.8.7" in done.stderr, done.stderr
        assert "CRUDDUR_LOCAL_SERVER=10.9.8.7" in done.stderr
    assert loaded.query("SELECT count(*) FROM users") == "3"
    loaded.do("sessions", env={**forwarded, "CRUDDUR_LOCAL_SERVER": "10.9.8.7"})
    assert loaded.run("sessions", env={**forwarded, "CRUDDUR_LOCAL_SERVER": "10.9.8.8"}).returncode == 1
    done = loaded.run("sessions", env={**forwarded, "CRUDDUR_LOCAL_SERVER": "::1') OR true --"})
    assert done.returncode == 1 and "is no address" in done.stderr
    loaded.do("sessions", "--prod", env=forwarded)


def test_setup_of_the_real_database_always_asks(nothing, update_path):
    for typed in ("", "y\n"):
        done = nothing.run("setup", "--prod", "--region", "eu-west-3", typed=typed, env=update_path)
        assert done.returncode == 1 and "people who do not exist" in done.stderr, done.stderr
        assert not nothing.exists()


def test_setup_asks_the_pool_before_it_removes_anything(loaded, update_path, folder):
    (folder / "cognito-idp.list-users.json").write_text('[{"error": "AccessDeniedException"}]', "utf-8")
    done = loaded.run("setup", "--yes", env=update_path)
    assert done.returncode == 1 and "AccessDenied" in done.stderr
    assert loaded.query("SELECT count(*) FROM users") == "3"


@pytest.fixture
def update_path(folder):
    AwsScripts(folder).answer("cognito-idp.list-users", {"Users": []})
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "AWS_STAND_IN": str(folder)}


def test_a_session_that_waits_is_shown_with_whom_it_waits_for(loaded):
    with loaded.session() as holder, loaded.session() as waiting:
        holder.stdin.write("BEGIN; LOCK users; SELECT pg_backend_pid();\n")
        pid = holder.stdout.readline().strip()
        waiting.stdin.write("SELECT count(*) FROM users;\n")
        wait_until(lambda: f"{{{pid}}}" in loaded.do("sessions").stdout, 10, "somebody waits")
        holder.stdin.write("COMMIT;\n")
        assert waiting.stdout.readline() == "3\n"
        holder.stdin.close()
        waiting.stdin.close()
