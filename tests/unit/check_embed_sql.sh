#!/bin/sh
# SPDX-License-Identifier: MIT
# What build-aux/embed-sql makes of statements, and that it refuses what would bind values to the
# wrong places. Runs no SQL and no compiler.
set -u

embed=${srcdir:-.}/build-aux/embed-sql
case $embed in
/*) ;;
*) embed=$PWD/$embed ;;
esac
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/sql/users" || exit 99
cd "$dir" || exit 99
failed=0

fail() {
	printf 'FAIL: %s\n' "$1"
	failed=1
}

# gives WHAT MODE EXPECTED: the file's output has that line.
gives() {
	if ! sh "$embed" "$2" sql/users/one.sql >out 2>err; then
		fail "$1: refused: $(cat err)"
	elif ! grep -qxF -e "$3" out; then
		fail "$1: no line: $3"
		cat out
	fi
}

# refuses WHAT: the file on stdin is refused with a word about it, by both modes.
refuses() {
	cat >sql/users/one.sql
	for mode in --header --source; do
		if sh "$embed" "$mode" sql/users/one.sql >out 2>err; then
			fail "$1: accepted by $mode"
		elif ! grep -q "embed-sql: " err; then
			fail "$1: no word about it from $mode: $(cat err)"
		fi
	done
}

cat >sql/users/one.sql <<'SQL'
-- Free words -- of any kind.
-- parameters: first second
-- reads only

SELECT "a\b",
	'it''s'
FROM t WHERE b = $1 AND c = $2 AND d <> $1;
SQL
gives "a declaration" --header 'extern const struct pg_statement sql_users_one;'
gives "the names of parameters" --source \
	'static const char *const sql_users_one_parameters[] = { "first", "second" };'
gives "the text's first line, escaped" --source '	.text = "SELECT \"a\\b\",\n"'
gives "a quoted quote" --source "		\"'it''s'\\n\""
# shellcheck disable=SC2016 # no shell's variables
gives "the last line without its semicolon" --source \
	'		"FROM t WHERE b = $1 AND c = $2 AND d <> $1",'
gives "the number of parameters" --source '	.parameter_count = 2,'
gives "that it reads only" --source '	.reads_only = true,'

cp out first
sh "$embed" --source sql/users/one.sql >second || fail "a second run"
cmp -s first second || fail "two runs differ"
(cd sql && sh "$embed" --source "$dir/sql/users/one.sql") >third || fail "an absolute path"
cmp -s first third || fail "the place it is called from changes the output"

echo "UPDATE t SET updated_at = now()" >sql/users/one.sql
gives "a statement without parameters" --source '	.parameters = NULL,'
gives "a write" --source '	.reads_only = false,'

refuses "a parameter without a name" <<'SQL'
-- parameters: first
SELECT $1, $2
SQL
refuses "a name without a parameter" <<'SQL'
-- parameters: first second
SELECT $1
SQL
refuses "a gap in the parameters" <<'SQL'
-- parameters: first second third
SELECT $1, $3
SQL
refuses "a parameter of an odd name" <<'SQL'
-- parameters: fi"rst
SELECT $1
SQL
refuses "a write that says it reads" <<'SQL'
-- reads only
WITH gone AS (DELETE FROM t RETURNING a)
SELECT a FROM gone
SQL
refuses "two statements" <<'SQL'
SELECT 1;
SELECT 2;
SQL
refuses "a comment after a statement" <<'SQL'
SELECT 1 -- one
SQL
refuses "only comments" <<'SQL'
-- nothing
SQL
refuses "an empty file" </dev/null

echo "SELECT 1" >sql/users/one.sql
echo "SELECT 1" >elsewhere.sql
echo "SELECT 1" >"sql/users/odd-name.sql"
: >sql/users/empty.sql
for arguments in "--source elsewhere.sql" "--source sql/users/odd-name.sql" \
	"--source sql/users/one.sql sql/users/one.sql" "--source sql/users/none.sql" \
	"--source sql/users/empty.sql sql/users/one.sql" "--source" "--other sql/users/one.sql"; do
	# shellcheck disable=SC2086 # words on purpose
	sh "$embed" $arguments >out 2>err && fail "accepted: $arguments"
	[ -s err ] || fail "no word about: $arguments"
done
exit $failed
