# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the operator's scripts for Postgres have in common: which database, whether it is on this host, a call of psql.
# shellcheck disable=SC2034 # some of the names are for the scripts that source this

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../lib/common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# Where databases are made and removed from.
readonly MAINTENANCE=postgres
# So long a server may take to answer a connection, in seconds.
readonly CONNECT_TIMEOUT_S=5
# What a session begins with. Poolers refuse options of a connection, so it is said in the session.
readonly HUSH='SET client_min_messages = warning'
# A port of this host may be forwarded. Only the server itself knows where it is: NULL is a Unix socket.
readonly STAY_HERE="DO \$\$BEGIN
IF NOT coalesce(inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() IN ('::1', '@address@'), true) THEN
	RAISE EXCEPTION 'the server is elsewhere: %', host(inet_server_addr());
END IF;
END\$\$"

# use_database: to be called when all options are read. Without --prod the server has to be on this host; every session
# asks it.
use_database() {
	want_tool psql postgresql-client
	load_settings CONNECTION_URL
	[[ -n ${CONNECTION_URL:-} ]] || say_unset CONNECTION_URL
	parse_url "$CONNECTION_URL"
	[[ $db_name =~ ^[A-Za-z0-9_.-]{1,63}$ ]] || fail "CONNECTION_URL names no database that this can handle: '$db_name'"
	# They would lead elsewhere than the URI says.
	unset PGHOST PGHOSTADDR PGSERVICE PGSERVICEFILE PGDATABASE
	preamble=$HUSH
	if [[ $prod == no ]]; then
		is_local_url || fail "the database is not on this host: $(shown_url "$db_name")" 'the real one: --prod'
		[[ ${CRUDDUR_LOCAL_SERVER:-::1} =~ ^[0-9a-fA-F.:]+$ ]] || fail "CRUDDUR_LOCAL_SERVER is no address: $CRUDDUR_LOCAL_SERVER"
		preamble+="; ${STAY_HERE/@address@/${CRUDDUR_LOCAL_SERVER:-::1}}"
	fi
	say "on $(shown_url "$db_name") ($(origin CONNECTION_URL))"
	# An argument of psql can be read by everybody on the host, its environment cannot.
	[[ -z $db_password ]] || export PGPASSWORD=$db_password
	export PGCONNECT_TIMEOUT=$CONNECT_TIMEOUT_S
}

# parse_url URI: as libpq does (fe-connect.c, conninfo_uri_parse_options).
parse_url() {
	local rest=$1 userinfo=''

	[[ $rest =~ ^postgres(ql)?:// && $rest != *[[:cntrl:]]* ]] || fail 'CONNECTION_URL is no URI: postgresql://USER@HOST/DATABASE'
	rest=${rest#*://}
	userinfo=${rest%%[@/]*}
	if [[ ${rest:${#userinfo}:1} == @ ]]; then
		rest=${rest:${#userinfo}+1}
	else
		userinfo=
	fi
	db_user=${userinfo%%:*} db_password=
	[[ $userinfo != *:* ]] || decode "${userinfo#*:}"
	[[ $userinfo != *:* ]] || db_password=$decoded
	db_hosts=${rest%%[/?]*}
	rest=${rest:${#db_hosts}}
	rest=${rest#/}
	db_name=${rest%%\?*}
	rest=${rest:${#db_name}}
	db_parameters=${rest#\?}
	if [[ "&$db_parameters" =~ \&[^=]*(%|password|dbname)[^=]*= ]]; then
		fail 'CONNECTION_URL has a parameter that belongs elsewhere' \
			'password and database are written before and after the host: postgresql://USER:PASSWORD@HOST/DATABASE'
	fi
}

# decode TEXT: sets `decoded`, without percent signs.
decode() {
	[[ ! $1 =~ %([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$) ]] || fail 'CONNECTION_URL has a percent sign that encodes nothing'
	printf -v decoded '%b.' "$(sed -e 's/\\/\\\\/g' -e 's/%/\\x/g' <<<"$1")"
	decoded=${decoded%.}
	[[ $decoded != *[[:cntrl:]]* && ${1^^} != *%00* ]] || fail 'CONNECTION_URL has a control character'
}

# is_local_url: every host that the URI can lead to is a loopback address or a folder with a socket.
is_local_url() {
	local part hosts parts list=''

	# A port belongs to a host before percent signs are decoded; the list of hosts is parted after that.
	IFS=, read -ra hosts <<<"$db_hosts"
	for part in "${hosts[@]}"; do
		[[ ! $part =~ ^(.*):[0-9]*$ ]] || part=${BASH_REMATCH[1]}
		list+=,$part
	done
	are_local_hosts "$list" || return 1
	IFS='&' read -ra parts <<<"$db_parameters"
	for part in "${parts[@]}"; do
		case $part in
		host=* | hostaddr=*) are_local_hosts "${part#*=}" || return 1 ;;
		service=* | servicefile=*) return 1 ;;
		esac
	done
}

# are_local_hosts LIST: as it is in a URI. Of none, libpq takes the socket.
are_local_hosts() {
	local host hosts

	decode "$1"
	IFS=, read -ra hosts <<<"$decoded"
	for host in "${hosts[@]}"; do
		[[ -z $host || $host == /* ]] || is_loopback "$host" || return 1
	done
}

# shown_url DATABASE: the URI without its password.
shown_url() {
	printf 'postgresql://%s%s/%s%s\n' "${db_user:+$db_user@}" "$db_hosts" "$1" "${db_parameters:+?$db_parameters}"
}

# bare_psql DATABASE ARGUMENT...
bare_psql() {
	local word input=(-f -)

	for word in "${@:2}"; do
		[[ $word != -[cf] ]] || input=()
	done
	psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$(shown_url "$1")" -c "$preamble" "${@:2}" "${input[@]}"
}

# in_database DATABASE ARGUMENT...: psql without decoration; an error ends the script with one line from the server.
# Statements are arguments (-c, -f) or come on stdin.
in_database() {
	local status=0 complaint=''

	{
		complaint=$(bare_psql "$@" 2>&1 >&3 3>&-)
	} 3>&1 || status=$?
	refuse_elsewhere "$complaint"
	case $status in
	0) [[ -z $complaint ]] || printf '%s\n' "$complaint" >&2 ;;
	2) fail "no connection to $(shown_url "$1")" "${complaint#psql: error: }" ;;
	*) fail "a statement failed in $(shown_url "$1")" "$complaint" ;;
	esac
}

# refuse_elsewhere COMPLAINT
refuse_elsewhere() {
	[[ ! $1 =~ 'the server is elsewhere: '([0-9a-f.:]+) ]] ||
		fail "the database is not on this host: the server behind $(shown_url "$db_name") is at ${BASH_REMATCH[1]}" \
			"the real one: --prod; a container of this host: CRUDDUR_LOCAL_SERVER=${BASH_REMATCH[1]}"
}

sql() {
	in_database "$db_name" "$@"
}

# change_database DATABASE ARGUMENT...: as in_database; in a dry run it is printed. Nothing but the arguments counts.
change_database() {
	if [[ $dry_run == yes ]]; then
		print_command psql -X -v ON_ERROR_STOP=1 -d "$(shown_url "$1")" "${@:2}"
	else
		in_database "$@" </dev/null
	fi
}

database_exists() {
	local found

	found=$(in_database "$MAINTENANCE" -c "SELECT 1 FROM pg_catalog.pg_database WHERE datname = '$db_name'") || exit 1
	[[ $found == 1 ]]
}

want_database() {
	database_exists || fail "there is no database $db_name at $(shown_url "$MAINTENANCE")" 'scripts/db/create makes it'
}
