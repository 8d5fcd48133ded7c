# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Starts, recognises and ends background processes by their recorded identity. It never looks for a
# process by name: another stack's Postgres is none of its business.

# A pid alone may be reused; pid, start time and boot together are not (proc(5), field 22 of stat).
process_identity() {
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# The name in parentheses may hold spaces; the fields are counted from the last parenthesis.
	stat=${stat##*) }
	# shellcheck disable=SC2086 # the fields are meant to be split
	set -- "$1" $stat
	[[ $2 != Z ]] || return 1
	printf '%s %s %s\n' "$1" "${21}" "$(cat /proc/sys/kernel/random/boot_id)"
}

# daemon_pid NAME: prints the pid if the recorded process is still that process.
daemon_pid() {
	local recorded pid

	recorded=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 1
	pid=${recorded%% *}
	[[ -n $pid && $(process_identity "$pid") == "$recorded" ]] || return 1
	printf '%s\n' "$pid"
}

# daemon_start NAME FOLDER COMMAND...: runs COMMAND in a session of its own, with its output in the log, no
# input and none of our descriptors (an inherited lock would outlive us), and records it.
daemon_start() {
	local name=$1 folder=$2 pid identity

	shift 2
	trim_log "$LOG/$name.log"
	(
		cd -- "$folder" || exit 72
		close_descriptors
		exec setsid -- "$@"
	) </dev/null >>"$LOG/$name.log" 2>&1 &
	pid=$!
	disown "$pid"
	wait_for 5 is_session_leader "$pid" || true
	identity=$(process_identity "$pid") || identity=
	printf '%s\n' "$identity" >"$RUN/$name.pid"
}

# Also true when the process is gone already: then readiness fails and shows the log.
is_session_leader() {
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) }
	# shellcheck disable=SC2086 # the fields are meant to be split
	set -- "$1" $stat
	[[ $5 == "$1" ]]
}

close_descriptors() {
	local fd

	for fd in "/proc/$BASHPID/fd/"*; do
		fd=${fd##*/}
		if ((fd > 2 && fd != 255)); then
			eval "exec $fd>&-"
		fi
	done
}

# trim_log FILE: keeps one older file, so that a log does not fill the disk.
trim_log() {
	if [[ -f $1 && $(stat -c %s -- "$1") -gt 50000000 ]]; then
		mv -f -- "$1" "$1.old"
	fi
}

# session_members SID: the living processes of a session, zombies aside.
session_members() {
	local stat pid

	for stat in /proc/[0-9]*/stat; do
		pid=${stat#/proc/}
		pid=${pid%/stat}
		stat=$(cat "$stat" 2>/dev/null) || continue
		stat=${stat##*) }
		# shellcheck disable=SC2086 # the fields are meant to be split
		set -- "$1" $stat
		if [[ $5 == "$1" && $2 != Z ]]; then
			printf '%s\n' "$pid"
		fi
	done
}

session_is_empty() {
	[[ -z $(session_members "$1") ]]
}

# orphaned_session NAME: prints the recorded pid if that process is gone and left others of its session behind.
# The kernel does not give a number away again while a session carries it, so they are its children.
orphaned_session() {
	local recorded pid

	recorded=$(cat -- "$RUN/$1.pid" 2>/dev/null) || return 1
	pid=${recorded%% *}
	[[ -n $pid && ${recorded##* } == "$(cat /proc/sys/kernel/random/boot_id)" ]] || return 1
	! process_identity "$pid" >/dev/null || return 1
	! session_is_empty "$pid" || return 1
	printf '%s\n' "$pid"
}

# daemon_stop NAME SIGNAL SECONDS: asks with SIGNAL, waits for the whole session to end, then insists.
daemon_stop() {
	local name=$1 pid

	if pid=$(daemon_pid "$name"); then
		kill -"$2" "$pid" 2>/dev/null || true
		if ! wait_for "$3" session_is_empty "$pid"; then
			say "$name did not end within $3 s of SIG$2; killing it"
			kill_session "$name" "$pid"
		fi
	elif pid=$(orphaned_session "$name"); then
		kill_session "$name" "$pid"
	fi
	rm -f -- "$RUN/$name.pid" "$RUN/$name.stamp"
}

kill_session() {
	local members

	members=$(session_members "$2")
	# shellcheck disable=SC2086 # one word a pid
	[[ -z $members ]] || kill -KILL $members 2>/dev/null || true
	wait_for 5 session_is_empty "$2" || die "$1 (session $2) does not end" "ps -o pid,stat,cmd -s $2"
}

# port_is_open PORT: somebody answers there. bash's own connect needs no tool that might be missing.
port_is_open() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# want_free_port NAME PORT VARIABLE
want_free_port() {
	if port_is_open "$2"; then
		die "port $2, meant for $1, is in use by another program" \
			"set $3 or CRUDDUR_PORT_BASE to a free port, or end that program (ss -ltnp 'sport = :$2')"
	fi
}

# only_on_loopback PORT: no listener of that port takes connections from elsewhere (proc_net tables: the
# address is hex in host byte order, state 0A is LISTEN).
only_on_loopback() {
	local port

	printf -v port '%04X' "$1"
	! awk -v port="$port" '$4 == "0A" && $2 ~ ":" port "$" {
		if ($2 !~ /^0100007F:/ && $2 !~ /^00000000000000000000000001000000:/) bad = 1
	} END { exit bad ? 0 : 1 }' /proc/net/tcp /proc/net/tcp6
}

# with_lock FILE SECONDS WHAT COMMAND...: one at a time, across processes.
with_lock() {
	local file=$1 seconds=$2 what=$3 lock

	shift 3
	exec {lock}>>"$file"
	if ! flock -n "$lock"; then
		say "waiting for another scripts/dev that is at $what"
		flock -w "$seconds" "$lock" || die "another scripts/dev has been at $what for $seconds s" \
			"see who: fuser -v $file"
	fi
	"$@"
	exec {lock}>&-
}
