# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Reads sql/migrations/ and the record in the database, and applies or takes back one migration in one transaction.
# sql/migrations/README.md says what may be in one.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../lib/db.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/db.sh"

readonly MIGRATIONS=$SQL/migrations
# One that migrates at a time: 'crud' as a number. (The stream's locks have two numbers, so they are others.)
readonly MIGRATION_LOCK=1668445540
# Whoever waits for a table has everybody else who wants it behind himself: so long at the most, then they go first.
readonly LOCK_TIMEOUT_MS=500
# Between two tries, in seconds.
readonly PAUSE_S=1
# A client that is gone without a word does not keep its locks for longer.
readonly IDLE_TIMEOUT_S=10

readonly NOTHING='nothing was changed'

wait_s=60

# take_number OPTION VALUE: sets `number`, with or without zeros in front.
take_number() {
	[[ $2 =~ ^[0-9]{1,4}$ ]] || fail "$1 wants the number of a migration, not $2"
	number=$((10#$2))
}

# list_migrations: sets `versions`, ascending, and `titles` (VERSION to 0001_name).
list_migrations() {
	local file title

	versions=()
	declare -gA titles=()
	for file in "$MIGRATIONS"/[0-9][0-9][0-9][0-9]_*.up.sql; do
		title=${file##*/}
		title=${title%.up.sql}
		[[ -f $MIGRATIONS/$title.down.sql ]] || fail "$MIGRATIONS has no $title.down.sql"
		versions+=("$((10#${title%%_*}))")
		titles[${versions[-1]}]=$title
	done
}

# list_applied: sets `applied`, the versions in the database's record, ascending.
list_applied() {
	local answer

	answer=$(in_database "$db_name" <<-'EOF'
	SELECT to_regclass('public.schema_migrations') IS NOT NULL AS recorded,
		coalesce(has_table_privilege(to_regclass('public.schema_migrations'), 'SELECT'), true) AS readable \gset
	\if :readable
	\else
	\echo unreadable
	\quit
	\endif
	\if :recorded
	SELECT version FROM public.schema_migrations ORDER BY version;
	\endif
	EOF
	)
	[[ $answer != unreadable ]] || fail "${db_user:-this role} may not read schema_migrations of $(shown_url "$db_name")" \
		"run this as the role that owns the tables: CONNECTION_URL=URI $program ..."
	mapfile -t applied < <([[ -z $answer ]] || printf '%s\n' "$answer")
}

is_applied() {
	[[ " ${applied[*]} " == *" $1 "* ]]
}

# refuse_newer: whoever has older files than the database can neither apply nor take back.
refuse_newer() {
	local version

	for version in "${applied[@]}"; do
		[[ -n ${titles[$version]:-} ]] || fail "the database has migration $version, which is not in $MIGRATIONS" \
			'it is newer than these scripts'
	done
}

# destroys VERSION: what the way back does, in the words of its file's first lines, as one line.
destroys() {
	sed -n -e '/SPDX-License-Identifier/d' -e '/^--/!q' -e 's/^-- *//p' -- "$MIGRATIONS/${titles[$1]}.down.sql" |
		paste -sd ' '
}

begin() {
	cat <<-EOF
	\\set VERBOSITY verbose
	\\set SHOW_CONTEXT never
	BEGIN;
	SET LOCAL lock_timeout = $LOCK_TIMEOUT_MS;
	SET LOCAL idle_in_transaction_session_timeout = '${IDLE_TIMEOUT_S}s';
	SELECT pg_catalog.txid_current() AS transaction \\gset
	\\echo transaction :transaction
	SELECT pg_catalog.pg_advisory_xact_lock($MIGRATION_LOCK) \\g /dev/null
	\\i :folder/record.sql
	SELECT EXISTS (SELECT FROM public.schema_migrations WHERE version = :version) AS applied,
		EXISTS (SELECT FROM public.schema_migrations WHERE version > :version) AS later,
		NOT EXISTS (SELECT FROM public.schema_migrations) AND to_regclass('public.users') IS NOT NULL AS unknown \\gset
	EOF
}

# statements up|down: another run may have been first; then there is nothing to do. Or it applied a later one while this
# waited for somebody to type a name; then this one is no longer the last.
statements() {
	begin
	if [[ $1 == up ]]; then
		cat <<-'EOF'
		\if :applied
		\else
		\if :unknown
		\i :folder/adopt.sql
		\echo adopted
		\endif
		\i :folder/:title.up.sql
		INSERT INTO public.schema_migrations (version, name) VALUES (:version, :'title');
		\endif
		EOF
	else
		cat <<-'EOF'
		\if :applied
		\if :later
		\echo later
		\q
		\endif
		\i :folder/:title.down.sql
		DELETE FROM public.schema_migrations WHERE version = :version;
		\endif
		EOF
	fi
	printf 'COMMIT;\n'
}

# print_migration up|down TITLE VERSION: a dry run's call; under the same lock, and with the record.
print_migration() {
	local files=(-f "$MIGRATIONS/record.sql") record

	record="INSERT INTO public.schema_migrations (version, name) VALUES ($3, '$2')"
	[[ $1 == up ]] || record="DELETE FROM public.schema_migrations WHERE version = $3"
	if [[ $1 == up ]] && ((${#applied[@]} == 0 && $3 == versions[0])) &&
		[[ $(sql -c "SELECT to_regclass('public.users') IS NOT NULL") == t ]]; then
		files+=(-f "$MIGRATIONS/adopt.sql")
	fi
	print_command psql -X -v ON_ERROR_STOP=1 -d "$(shown_url "$db_name")" -1 -c "SET LOCAL lock_timeout = $LOCK_TIMEOUT_MS" \
		-c "SELECT pg_advisory_xact_lock($MIGRATION_LOCK)" "${files[@]}" -f "$MIGRATIONS/$2.$1.sql" -c "$record"
}

# run_migration up|down VERSION: tries again while others hold what it needs.
run_migration() {
	local way=$1 title=${titles[$2]} end=$((SECONDS + wait_s)) answer status outcome

	if [[ $dry_run == yes ]]; then
		print_migration "$way" "$title" "$2"
		return 0
	fi
	while true; do
		status=0
		answer=$(statements "$way" |
			bare_psql "$db_name" -v version="$2" -v title="$title" -v folder="$MIGRATIONS" 2>&1) || status=$?
		((status != 0)) || break
		outcome=$(outcome_of "$status" "$answer")
		# Servers speak many languages; the code is the same in all.
		[[ $answer =~ :\ +(55P03|40P01):\  && $outcome == "$NOTHING" ]] || fail "$title: $outcome" \
			"$(grep -vE '^((psql:.*)?(LOCATION|CONTEXT): |transaction [0-9]+$)' <<<"$answer")"
		((SECONDS < end)) || fail "$title: others held the tables for $wait_s s; $NOTHING" \
			'scripts/db/sessions shows them; then repeat this'
		say "$title: others hold the tables; trying again"
		sleep "$PAUSE_S"
	done
	# Among whatever else the server had to say.
	! grep -qx later <<<"$answer" || fail "$title is no longer the last: another run has applied a later one; $NOTHING" \
		'scripts/db/migrate --status shows them'
	! grep -qx adopted <<<"$answer" || say "the database had its tables and no record; it has one now"
}

# outcome_of STATUS ANSWER: what a run that failed has done. A COMMIT within a migration, or a connection that is lost in the last
# one, leaves something behind; the server knows what became of the transaction.
outcome_of() {
	local fate=aborted

	if [[ $2 =~ (^|$'\n')transaction\ ([0-9]+)($'\n'|$) ]]; then
		fate=$(bare_psql "$db_name" -c "SELECT pg_catalog.txid_status(${BASH_REMATCH[2]})" 2>/dev/null) || fate=
	elif (($1 > 128)); then
		# Killed, and what it had to say with it.
		fate=
	fi
	case $fate in
	aborted) printf '%s\n' "$NOTHING" ;;
	committed) printf 'all of it or a part was committed; scripts/db/migrate --status says if it is recorded\n' ;;
	*) printf 'whether anything was changed is not known; scripts/db/migrate --status says if it is recorded\n' ;;
	esac
}
