# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A Postgres cluster of our own under var/. As root it runs as the user postgres (Postgres refuses root);
# it never touches a cluster of the system.

postgres_bin() {
	local folders

	mapfile -t folders < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V)
	if [[ -s $VAR/postgres/data/PG_VERSION ]]; then
		folders=("/usr/lib/postgresql/$(cat -- "$VAR/postgres/data/PG_VERSION")/bin")
	fi
	[[ -x ${folders[-1]}/postgres ]] || die "no Postgres server in ${folders[-1]}" 'scripts/dev packages'
	printf '%s\n' "${folders[-1]}"
}

# postgres_as: sets AS to the words that run a command as whoever owns the cluster.
postgres_as() {
	AS=()
	((EUID == 0)) || return 0
	AS=(setpriv --reuid=postgres --regid=postgres --init-groups)
	# stat(1), not test -x: access(2) leaves capabilities out.
	if ! "${AS[@]}" stat -- "$VAR/postgres/." "$SOCKETS/." >/dev/null 2>&1; then
		# A tree under /root is closed to other users. One capability lets this one pass through, and the
		# data stays under var/ all the same (capabilities(7)).
		AS+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
		"${AS[@]}" stat -- "$VAR/postgres/." "$SOCKETS/." >/dev/null 2>&1 ||
			die "the user postgres cannot reach $VAR" 'set CRUDDUR_VAR to a folder that it can, such as /var/tmp/cruddur'
	fi
}

postgres_password() {
	cat -- "$VAR/postgres/password" 2>/dev/null || true
}

postgres_prepare() {
	local bin

	mkdir -p -- "$VAR/postgres" "$SOCKETS/pg"
	bin=$(postgres_bin)
	if ((EUID == 0)); then
		chown postgres:postgres -- "$VAR/postgres" "$SOCKETS/pg"
	fi
	# Only the owner comes through this folder, so that local connections need no password.
	chmod 700 -- "$SOCKETS/pg"
	postgres_as
	if [[ ! -s $VAR/postgres/password ]]; then
		(umask 077 && openssl rand -hex 16 >"$VAR/postgres/password")
	fi
	[[ ! -s $VAR/postgres/data/PG_VERSION ]] || return 0
	say 'making a Postgres cluster'
	rm -rf -- "$VAR/postgres/data"
	if ! (cd / && "${AS[@]}" "$bin/initdb" -D "$VAR/postgres/data" -U postgres -E UTF8 --locale=C.UTF-8 \
		--auth-local=trust --auth-host=scram-sha-256 --no-sync) >"$LOG/initdb.log" 2>&1; then
		show_tail "$LOG/initdb.log"
		die 'initdb failed' "look at $LOG/initdb.log"
	fi
}

postgres_start() {
	local bin

	bin=$(postgres_bin)
	postgres_as
	# What is lost in a power cut here is made again by `up`: fsync would only make the tests slow.
	daemon_start postgres / "${AS[@]}" env -i PATH="$PATH" LC_ALL=C.UTF-8 "$bin/postgres" \
		-D "$VAR/postgres/data" -k "$SOCKETS/pg" -p "$POSTGRES_PORT" -c listen_addresses=127.0.0.1 \
		-c unix_socket_permissions=0700 -c max_connections=200 -c fsync=off -c full_page_writes=off \
		-c timezone=UTC -c log_timezone=UTC
}

postgres_ready() {
	"$(postgres_bin)/pg_isready" -q -h "$SOCKETS/pg" -p "$POSTGRES_PORT" -U postgres -d postgres
}

# The role, which may make databases of its own, and the database; tables and people come as they do elsewhere.
postgres_settle() {
	sql_as postgres postgres -v password="$(postgres_password)" <<-'EOF'
	SELECT 'CREATE ROLE cruddur LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cruddur') \gexec
	ALTER ROLE cruddur CREATEDB PASSWORD :'password';
	SELECT 'CREATE DATABASE cruddur OWNER cruddur'
	WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'cruddur') \gexec
	EOF
	local_postgres "$ROOT/scripts/db/migrate" --quiet
	local_postgres "$ROOT/scripts/db/seed" --quiet
}

# local_postgres COMMAND...: with the database through the cluster's own socket.
local_postgres() {
	PATH=$(postgres_bin):$PATH CONNECTION_URL="postgresql://cruddur@/cruddur?host=${SOCKETS//%/%25}/pg&port=$POSTGRES_PORT" "$@"
}

# sql_as ROLE DATABASE ARGUMENT...: psql through the cluster's own socket.
sql_as() {
	local role=$1 database=$2

	shift 2
	PGOPTIONS='-c client_min_messages=warning' "$(postgres_bin)/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
		-h "$SOCKETS/pg" -p "$POSTGRES_PORT" -U "$role" -d "$database" "$@" ||
		die 'a statement failed in Postgres' "look at $LOG/postgres.log; scripts/dev down --purge starts afresh"
}

postgres_stamp() {
	printf '%s\n' "$POSTGRES_PORT" "$SOCKETS"
}
