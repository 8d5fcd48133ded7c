# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What runs, in which order, and how each is brought to its wanted state. A service NAME is a file
# NAME.sh with NAME_prepare (files it needs), NAME_start, NAME_ready (a test), NAME_settle (what to do once it
# answers) and NAME_stamp (whatever makes a restart necessary when it changes).

readonly BACKENDS=(postgres dynamodb cognito)
# From the backends to the front door; `down` goes the other way.
readonly SERVICES=("${BACKENDS[@]}" workers stream live nginx)
# Seconds until a service must answer, and until it must have ended.
readonly START_DEADLINE=30
readonly STOP_DEADLINE=10

# service_port NAME: the ports it listens on, the main one first, each with the variable that moves it.
service_port() {
	case $1 in
	postgres) printf '%s CRUDDUR_POSTGRES_PORT\n' "$POSTGRES_PORT" ;;
	dynamodb) printf '%s CRUDDUR_DYNAMODB_PORT\n' "$DYNAMODB_PORT" ;;
	cognito) printf '%s CRUDDUR_COGNITO_PORT\n' "$COGNITO_PORT" ;;
	nginx)
		printf '%s CRUDDUR_NGINX_PORT\n' "$NGINX_PORT"
		printf '%s CRUDDUR_METRICS_PORT\n' "$METRICS_PORT"
		;;
	esac
}

# Postgres ends its clients and itself in order on SIGINT (postgres(1)); the others on SIGTERM.
service_stop() {
	local signal=TERM

	[[ $1 != postgres ]] || signal=INT
	daemon_stop "$1" "$signal" "$STOP_DEADLINE"
}

# service_launch NAME: starts it unless it runs already just as it should.
service_launch() {
	local stamp port variable

	"$1_prepare"
	# A hash, as a stamp may be made from secrets.
	stamp=$("$1_stamp" | sha256sum)
	if daemon_pid "$1" >/dev/null; then
		if [[ $stamp == "$(cat -- "$RUN/$1.stamp" 2>/dev/null)" ]] && wait_for 5 "$1_ready"; then
			return 0
		fi
		say "restarting $1"
	fi
	# Also when it is gone: its children may not be.
	service_stop "$1"
	while read -r port variable; do
		want_free_port "$1" "$port" "$variable"
	done < <(service_port "$1")
	"$1_start"
	printf '%s\n' "$stamp" >"$RUN/$1.stamp"
}

# service_await NAME: waits until it answers, then lets it settle.
service_await() {
	if ! wait_for "$START_DEADLINE" service_ready_or_dead "$1" || ! "$1_ready" >/dev/null 2>&1; then
		show_tail "$LOG/$1.log"
		[[ $1 != nginx ]] || show_tail "$LOG/workers.log"
		rm -f -- "$RUN/$1.stamp"
		die "$1 does not answer" "look at $LOG/$1.log, then repeat scripts/dev up"
	fi
	"$1_settle"
}

service_ready_or_dead() {
	! daemon_pid "$1" >/dev/null || "$1_ready"
}

# services_up NAME...: all are started before any is waited for; they do not depend on one another to start.
services_up() {
	local name

	for name in "$@"; do
		service_launch "$name"
	done
	for name in "$@"; do
		service_await "$name"
	done
}

services_down() {
	local index

	for ((index = ${#SERVICES[@]} - 1; index >= 0; index--)); do
		service_stop "${SERVICES[index]}"
	done
}

want_services() {
	local name

	for name in "$@"; do
		[[ " ${SERVICES[*]} " == *" $name "* ]] || die "no such service: $name" "there are: ${SERVICES[*]}"
	done
}
