# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The pre-forked FastCGI workers, as in production: spawn-fcgi opens the socket, multiwatch keeps N of them.

workers_socket() {
	printf '%s/fcgi.sock\n' "$SOCKETS"
}

# A full backlog makes nginx answer 502; as long as this, only a flood fills it.
readonly WORKERS_BACKLOG=512
# multiwatch gives a child up that died this often within 10 s. Tests kill workers, so it is more than its 3.
readonly WORKERS_RETRIES=30

workers_prepare() {
	[[ -x $FCGI ]] || die "no worker binary at $FCGI" 'scripts/dev build'
}

# workers_environment: sets ENVIRONMENT to the NAME=value words. Nothing of the caller's environment gets
# in by itself: a developer's AWS_PROFILE must not reach a real account from here.
workers_environment() {
	local extra

	mapfile -t ENVIRONMENT < <(service_settings)
	read -ra extra <<<"${CRUDDUR_WORKER_ENV:-}"
	ENVIRONMENT+=(PATH="$PATH" HOME="$VAR" LC_ALL=C.UTF-8 "${extra[@]}")
}

workers_start() {
	local wrapper

	workers_environment
	read -ra wrapper <<<"${CRUDDUR_FCGI_WRAPPER:-}"
	rm -f -- "$(workers_socket)"
	daemon_start workers "$VAR" env -i "${ENVIRONMENT[@]}" spawn-fcgi -n -s "$(workers_socket)" -M 0660 \
		-b "$WORKERS_BACKLOG" -- /usr/bin/multiwatch -f "$WORKERS" -r "$WORKERS_RETRIES" -- "${wrapper[@]}" "$FCGI"
}

# Ready when the socket is there and every worker lives; that they answer is seen through nginx.
workers_ready() {
	local pid

	pid=$(daemon_pid workers) || return 1
	[[ -S $(workers_socket) && $(session_members "$pid" | wc -l) -gt $WORKERS ]]
}

workers_settle() {
	:
}

workers_stamp() {
	workers_environment
	printf '%s\n' "$WORKERS" "$SOCKETS" "${CRUDDUR_FCGI_WRAPPER:-}" "${ENVIRONMENT[@]}"
	sha256sum -- "$FCGI"
}
