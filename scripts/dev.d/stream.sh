# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The stream consumer: one daemon, which keeps the lists of conversations in step with the messages.

stream_prepare() {
	[[ -x $STREAM ]] || die "no stream consumer at $STREAM" 'scripts/dev build'
}

# stream_environment: as workers_environment, and nothing else of the caller's either.
stream_environment() {
	local extra

	mapfile -t ENVIRONMENT < <(service_settings)
	read -ra extra <<<"${CRUDDUR_STREAM_ENV:-}"
	ENVIRONMENT+=(PATH="$PATH" HOME="$VAR" LC_ALL=C.UTF-8 "${extra[@]}")
}

stream_start() {
	local wrapper

	stream_environment
	read -ra wrapper <<<"${CRUDDUR_STREAM_WRAPPER:-}"
	daemon_start stream "$VAR" env -i "${ENVIRONMENT[@]}" "${wrapper[@]}" "$STREAM"
}

# Ready when it has said that it reads, or stands by while another one does. Its log has older lines too.
stream_ready() {
	local pid

	pid=$(daemon_pid stream) || return 1
	grep -qE "\"event\":\"stream_(active|stands_by)\",\"program\":\"[a-z-]+\",\"pid\":${pid}[,}]" "$LOG/stream.log"
}

stream_settle() {
	:
}

stream_stamp() {
	stream_environment
	printf '%s\n' "${CRUDDUR_STREAM_WRAPPER:-}" "${ENVIRONMENT[@]}"
	sha256sum -- "$STREAM"
}
