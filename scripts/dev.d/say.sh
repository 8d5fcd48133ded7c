# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# How scripts/dev talks to people, and how it waits; it starts nothing itself.

# say WORDS...: one line of progress. Progress goes to stderr, so that stdout is the command's answer alone.
say() {
	printf '%s\n' "$*" >&2
}

# die WHAT [WHAT-TO-DO]: says what went wrong and what to do, and ends the script.
die() {
	printf 'scripts/dev: %s\n' "$1" >&2
	if [[ $# -gt 1 ]]; then
		printf '  %s\n' "${@:2}" >&2
	fi
	exit 1
}

# show_tail FILE [LINES]: the end of a log, indented, for an error message.
show_tail() {
	[[ -s $1 ]] || return 0
	printf '  --- the end of %s\n' "$1" >&2
	tail -n "${2:-20}" -- "$1" | sed 's/^/  | /' >&2
}

# wait_for SECONDS COMMAND...: repeats COMMAND until it succeeds; fails when the time is over.
wait_for() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
		sleep 0.05
	done
}

# want_no_options COMMAND ARGUMENTS...: for subcommands that take none.
want_no_options() {
	[[ $# -le 1 ]] || die "$1 takes no argument: $2" "scripts/dev $1 --help"
}
