# SPDX-License-Identifier: MIT
"""scripts/db/migrate and rollback: the schema they lead to, databases that are taken over, and what a running service
notices of it."""
import os
import re
import shutil
import subprocess
import threading
import time
import uuid
from urllib.parse import urlsplit

import pytest

import expect
import ops
from processes import scaled, wait_until

MIGRATIONS = ops.ROOT / "sql" / "migrations"
# What the project before this one made, and what lived in it.
FORMER = """
CREATE TABLE public.users (
  uuid UUID DEFAULT gen_random_uuid() PRIMARY KEY, display_name text NOT NULL, handle text NOT NULL,
  email text NOT NULL, cognito_user_id text NOT NULL,
  created_at TIMESTAMP default current_timestamp NOT NULL, bio text);
CREATE TABLE public.activities (
  uuid UUID DEFAULT gen_random_uuid() PRIMARY KEY, user_uuid UUID NOT NULL, message text NOT NULL);
INSERT INTO public.users (display_name, handle, email, cognito_user_id, created_at, bio) VALUES
  ('Andrew Brown', 'andrewbrown', 'a@example.test', 'MOCK', '2026-01-02 03:04:05', 'b'),
  ('Test User', 'testuser', 't@example.test', 'MOCK', '2026-01-02 03:04:05', NULL),
  ('Londo', 'londo', 'l@example.test', 'sub-l', '2026-01-02 03:04:05', NULL);
INSERT INTO public.activities (user_uuid, message) SELECT uuid, 'hello' FROM public.users;
"""
# The longest that a reader may wait behind a migration that waits: LOCK_TIMEOUT_MS and a slow machine.
MOMENT_S = 2.5


@pytest.fixture
def make_database(stack):
    made = []

    def make(statements=""):
        made.append(ops.Database(stack.env).create())
        if statements:
            made[-1].query(statements)
        return made[-1]

    yield make
    for database in made:
        database.remove()


@pytest.fixture
def former(make_database):
    return make_database(FORMER)


@pytest.fixture
def tree(folder):
    """A copy of the scripts and the SQL, as an installation has them, to put migrations in."""
    for part in ("scripts/lib", "scripts/db", "sql"):
        shutil.copytree(ops.ROOT / part, folder / part)
    return folder


def recorded(database):
    return database.query("SELECT string_agg(version || ' ' || name, ',' ORDER BY version)"
                          " FROM schema_migrations")


def all_migrations():
    names = sorted(path.name.removesuffix(".up.sql") for path in MIGRATIONS.glob("*.up.sql"))
    return ",".join(f"{int(name[:4])} {name}" for name in names)


# --- The schema -------------------------------------------------------------------------------


def test_schema_sql_and_the_migrations_lead_to_the_same(make_database):
    loaded, migrated = make_database(), make_database()
    ops.at_once([lambda: loaded.do("schema-load"), lambda: migrated.do("migrate")])
    wanted = loaded.schema()
    assert len(wanted) > 50 and migrated.schema() == wanted
    assert recorded(loaded) == recorded(migrated) == all_migrations()
    migrated.do("rollback", "--to", "0", "--yes")
    assert [line for line in migrated.schema() if line.startswith("CREATE ")] == [
        "CREATE TABLE public.schema_migrations ("]
    assert "nothing to take back" in migrated.do("rollback").stderr
    migrated.do("migrate")
    assert migrated.schema() == wanted
    assert "up to date" in migrated.do("migrate").stderr


def test_migrations_are_numbered_without_gaps_and_in_pairs():
    ups = sorted(path.name.removesuffix(".up.sql") for path in MIGRATIONS.glob("*.up.sql"))
    downs = sorted(path.name.removesuffix(".down.sql") for path in MIGRATIONS.glob("*.down.sql"))
    assert ups == downs and all(re.fullmatch(r"\d{4}_[a-z0-9_]+", name) for name in ups)
    assert [int(name[:4]) for name in ups] == list(range(1, len(ups) + 1))


def test_several_at_once_apply_each_once(make_database):
    database = make_database()
    done = ops.at_once([lambda: database.run("migrate")] * 4)
    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    assert recorded(database) == all_migrations()


def test_rollback_wants_the_name_typed_back(make_database):
    database = make_database()
    database.do("migrate")
    done = database.run("rollback", typed="yes\n")
    assert done.returncode == 1 and recorded(database) == all_migrations()
    assert "0001_initial: Removes everything, people too." in done.stderr
    assert "# 0001_initial: Removes everything, people too." in \
        database.do("rollback", "--dry-run").stdout.splitlines()
    database.do("rollback", typed=f"{database.name}\n")
    assert recorded(database) == ""


def test_who_may_not_read_the_record_is_told_whose_it_is(make_database):
    """As a worker's role, where another one owns the tables."""
    database = make_database()
    database.do("migrate")
    database.query("REVOKE ALL ON schema_migrations FROM CURRENT_USER")
    done = database.run("migrate")
    assert done.returncode == 1 and "may not read schema_migrations" in done.stderr, done.stderr
    assert "owns the tables" in done.stderr


def test_steps_go_forward_and_back_one_by_one_and_a_broken_one_leaves_nothing(make_database, tree):
    second = len(all_migrations().split(",")) + 1
    title = f"{second:04}_second"
    database, migrations = make_database(), tree / "sql" / "migrations"
    (migrations / f"{title}.up.sql").write_text("CREATE TABLE second (); SELECT 1 / 0;", "utf-8")
    (migrations / f"{title}.down.sql").write_text("DROP TABLE second;", "utf-8")
    done = database.run("migrate", root=tree)
    assert done.returncode == 1 and "division by zero" in done.stderr, done.stderr
    assert f"{title}: nothing was changed" in done.stderr
    assert recorded(database) == all_migrations()
    assert database.query("SELECT to_regclass('second') IS NULL") == "t"
    assert database.do("migrate", "--status", root=tree).stdout.splitlines()[-2:] == [
        f"applied  {all_migrations().split(',')[-1].split()[1]}", f"pending  {title}"]

    (migrations / f"{title}.up.sql").write_text("CREATE TABLE second ();", "utf-8")
    assert f"{title}.up.sql" in database.do("migrate", "--dry-run", root=tree).stdout
    database.do("migrate", "--to", f"{second - 1:04}", root=tree)
    assert database.query("SELECT to_regclass('second') IS NULL") == "t"
    database.do("migrate", root=tree)
    assert database.query("SELECT to_regclass('second') IS NULL") == "f"
    done = database.run("migrate")
    assert done.returncode == 1 and "newer than these scripts" in done.stderr
    database.do("rollback", "--yes", root=tree)
    assert recorded(database) == all_migrations()
    assert database.query("SELECT to_regclass('second') IS NULL") == "t"
    database.do("rollback", "--dry-run", root=tree)
    assert recorded(database) == all_migrations()


def add_migration(tree, up, down=""):
    """One after the last in a copy of the scripts; returns its name."""
    title = f"{len(all_migrations().split(',')) + 1:04}_added"
    (tree / "sql" / "migrations" / f"{title}.up.sql").write_text(up, "utf-8")
    (tree / "sql" / "migrations" / f"{title}.down.sql").write_text(down, "utf-8")
    return title


def test_a_rollback_takes_back_what_was_shown_or_nothing(make_database, tree):
    """Another run applies one while this one waits for the name."""
    database = make_database()
    database.do("migrate")
    title = add_migration(tree, "CREATE TABLE added ();", "DROP TABLE added;")
    waiting = database.start("rollback", root=tree)
    while "migrations of" not in waiting.stderr.readline():
        assert waiting.poll() is None
    database.do("migrate", root=tree)
    err = waiting.communicate(f"{database.name}\n", timeout=scaled(60))[1]
    assert waiting.returncode == 1 and "is no longer the last" in err, err
    assert recorded(database).endswith(title) and database.query("SELECT count(*) FROM users") == "0"


def test_what_was_committed_is_not_denied(make_database, tree):
    database = make_database()
    title = add_migration(tree, "CREATE TABLE added (); COMMIT; SELECT 1 / 0;")
    done = database.run("migrate", root=tree)
    assert done.returncode == 1 and f"{title}: all of it or a part was committed" in done.stderr, done.stderr
    assert "division by zero" in done.stderr and "nothing was changed" not in done.stderr
    assert database.query("SELECT to_regclass('added') IS NULL") == "f"


@pytest.fixture
def wrapped(folder):
    """A psql around the real one, for what happens to its answer on the way."""
    def wrap(then):
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / "psql").write_text(f"""#!/bin/bash
{shutil.which("psql")} "$@" 2>{folder}/err
status=$?
{then}
cat {folder}/err >&2
exit $status
""", "utf-8")
        (folder / "bin" / "psql").chmod(0o755)
        return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    return wrap


@pytest.mark.parametrize("status, words", [(2, "all of it or a part was committed"), (137, "committed")])
def test_a_connection_that_is_lost_in_the_last_moment_may_have_done_it(make_database, wrapped, status, words):
    database = make_database()
    env = wrapped(f'[[ "$*" != *title=* ]] || {{ status={status}; echo "server closed the connection" >>$0.err; }}')
    done = database.run("migrate", env=env)
    assert done.returncode == 1 and words in done.stderr and "nothing was changed" not in done.stderr, done.stderr
    assert recorded(database) == all_migrations()


def test_servers_of_any_language_are_waited_for(former, wrapped, folder):
    env = wrapped(f"sed -i 's/ERROR: /ERREUR: /' {folder}/err")
    with former.session() as long_one:
        long_one.stdin.write("BEGIN; SELECT count(*) FROM users;\n")
        assert long_one.stdout.readline() == "3\n"
        done = former.run("migrate", "--wait", "1", env=env)
        assert "others held the tables for 1 s; nothing was changed" in done.stderr, done.stderr
        long_one.stdin.close()


def test_the_calls_of_a_dry_run_do_what_a_run_does(former, make_database):
    by_hand = make_database()
    by_hand.query(FORMER)
    former.do("migrate")
    for script, options, wanted in (("migrate", (), all_migrations()), ("rollback", ("--to", "0"), "")):
        dry = by_hand.do(script, "--dry-run", *options)
        assert recorded_if_any(by_hand) != wanted
        for line in dry.stdout.splitlines():
            if line.startswith("psql "):
                subprocess.run(["bash", "-ec", line], check=True, capture_output=True, timeout=60,
                               env={**os.environ, "PGPASSWORD": urlsplit(by_hand.url).password or ""})
        assert recorded(by_hand) == wanted
        if wanted:
            assert by_hand.schema() == former.schema()


def recorded_if_any(database):
    known = database.query("SELECT to_regclass('schema_migrations') IS NOT NULL")
    return recorded(database) if known == "t" else None


@pytest.mark.parametrize("options", [["--to", "99"], ["--to", "x"], ["--to"], ["--wait", "0"], ["extra"]])
def test_wrong_arguments_change_nothing(make_database, options):
    database = make_database()
    assert database.run("migrate", *options).returncode == 1
    assert database.query("SELECT to_regclass('users') IS NULL") == "t"


# --- Databases that were there before the record ----------------------------------------------


def test_a_database_of_schema_sql_alone_is_taken_over(make_database):
    by_hand, loaded = make_database(), make_database()
    by_hand.psql("-f", str(ops.ROOT / "sql" / "schema.sql"))
    by_hand.query("INSERT INTO users (display_name, handle) VALUES ('A', 'a');"
                  " DROP TABLE schema_migrations")
    loaded.do("schema-load")
    assert "no record" in by_hand.do("migrate").stderr
    assert recorded(by_hand) == all_migrations()
    assert by_hand.schema() == loaded.schema()
    assert by_hand.query("SELECT handle FROM users") == "a"


def test_a_former_database_is_taken_over_with_its_people(former, make_database):
    people = former.query("SELECT uuid, handle, email, bio FROM users ORDER BY handle")
    former.do("migrate")
    assert former.query("SELECT uuid, handle, email, bio FROM users ORDER BY handle") == people
    assert former.query("SELECT count(*) FROM activities") == "3"
    assert former.query("SELECT cognito_user_id FROM users ORDER BY handle").split() == ["sub-l"]
    assert former.query("SET timezone = 'UTC'; SELECT DISTINCT created_at FROM users").startswith(
        "2026-01-02 03:04:05+00")
    wanted = make_database()
    wanted.do("migrate")
    wanted.query("ALTER TABLE users ADD COLUMN bio text")
    wanted.query(FORMER[FORMER.index("CREATE TABLE public.activities"):].partition("INSERT")[0])
    # pg_dump has columns in the order of the table: nullable ones are the same in both.
    assert former.schema() == wanted.schema()
    assert "up to date" in former.do("migrate").stderr
    clash = former.psql("-c", "INSERT INTO users (display_name, handle) VALUES ('x', 'londo')",
                        check=False)
    assert clash == "" and former.query("SELECT count(*) FROM users") == "3"


@pytest.mark.parametrize("change, words", [
    ("UPDATE users SET handle = 'londo' WHERE handle = 'testuser'", "several people have the handle londo"),
    ("UPDATE users SET cognito_user_id = 'sub-l'", "several people have the cognito_user_id sub-l"),
    ("ALTER TABLE users DROP COLUMN email", "email"),
    ("ALTER TABLE users ALTER COLUMN uuid TYPE text", "uuid"),
    ("ALTER TABLE users DROP CONSTRAINT users_pkey", "primary key"),
])
def test_a_table_that_cannot_be_ours_is_refused_and_left_as_it_is(former, change, words):
    former.query(change)
    before = former.schema()
    done = former.run("migrate")
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert former.schema() == before


# --- While others use the tables ----------------------------------------------------------------


class Reader(threading.Thread):
    """Asks again and again, and notes how long the slowest answer took."""

    def __init__(self, ask):
        super().__init__()
        self.ask, self.slowest, self.asked, self.failures = ask, 0.0, 0, []
        self._over = threading.Event()

    def run(self):
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self.ask()
            except (AssertionError, OSError) as failure:
                self.failures.append(str(failure))
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.asked += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()


class Migrating:
    """`migrate` in the background; `lines` is what it has said so far."""

    def __init__(self, database, *options):
        self.process, self.lines = database.start("migrate", *options), []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def retries(self):
        return sum("trying again" in line for line in self.lines)

    def wait(self):
        status = self.process.wait(scaled(30))
        self._thread.join()
        self.process.stdin.close()
        self.process.stdout.close()
        return status


def test_a_long_reader_is_waited_for_without_blocking_the_others(former):
    with former.session() as long_one:
        long_one.stdin.write("BEGIN; SELECT count(*) FROM users;\n")
        assert long_one.stdout.readline() == "3\n"
        done = former.run("migrate", "--wait", "1")
        assert done.returncode == 1
        assert "others held the tables for 1 s; nothing was changed" in done.stderr, done.stderr
        assert former.query("SELECT to_regclass('schema_migrations') IS NULL") == "t"
        with Reader(lambda: former.query("SELECT count(*) FROM users")) as reader:
            migrating = Migrating(former)
            wait_until(lambda: migrating.retries() >= 2, 20, "two tries in vain")
            assert migrating.process.poll() is None
            long_one.stdin.write("COMMIT;\n")
            assert migrating.wait() == 0, migrating.lines
        long_one.stdin.close()
    assert reader.asked > 5 and reader.failures == []
    assert reader.slowest < scaled(MOMENT_S), reader.slowest
    assert recorded(former) == all_migrations()


def test_the_service_goes_on_while_its_database_is_migrated(former, make_site):
    site = make_site({"CONNECTION_URL": former.url}, workers=2)

    def ask():
        assert expect.ok(site.get("/api/users/@londo/short")).json()["handle"] == "londo"

    ask()
    with former.session() as long_one, Reader(ask) as reader:
        long_one.stdin.write("BEGIN; SELECT count(*) FROM users;\n")
        assert long_one.stdout.readline() == "3\n"
        migrating = Migrating(former)
        wait_until(migrating.retries, 20, "a try in vain")
        long_one.stdin.write("COMMIT;\n")
        assert migrating.wait() == 0, migrating.lines
        asked = reader.asked
        wait_until(lambda: reader.asked > asked + 20, 20, "requests after the migration")
        long_one.stdin.close()
    assert reader.failures == [] and reader.slowest < scaled(MOMENT_S), reader.slowest


def test_a_table_of_ours_is_never_locked_for_a_record(make_database):
    """Most databases are taken over like this: somebody has users locked all the time, and it does not matter."""
    database = make_database()
    database.psql("-f", str(ops.ROOT / "sql" / "schema.sql"))
    with database.session() as long_one:
        long_one.stdin.write(f"BEGIN; LOCK users IN ROW EXCLUSIVE MODE; SELECT '{uuid.UUID(int=0)}';\n")
        assert long_one.stdout.readline()
        assert "trying again" not in database.do("migrate").stderr
        long_one.stdin.close()
