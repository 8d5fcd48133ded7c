# shellcheck shell=bash
# shellcheck disable=SC2034 # the other parts use what is set here
# SPDX-License-Identifier: MIT
# Where things are and which ports they use; and the settings (cruddur.conf(5)) that workers and
# `scripts/dev env` share. What the caller's environment says wins over what the last `up` wrote down,
# so that `env`, `token` and `down` find a stack by CRUDDUR_VAR alone.

# The names that `up` remembers in $VAR/settings.
readonly REMEMBERED=(CRUDDUR_PORT_BASE CRUDDUR_NGINX_PORT CRUDDUR_POSTGRES_PORT CRUDDUR_DYNAMODB_PORT
	CRUDDUR_COGNITO_PORT CRUDDUR_METRICS_PORT CRUDDUR_WORKERS)
readonly DEV_USERS='andrewbrown testuser londo'
readonly DEV_PASSWORD='Testing-1234!'
readonly REGION=us-east-1
# Where the former front end is developed. Its origin, and nginx's own, are what CORS allows.
readonly FRONTEND_URL=http://localhost:3000
readonly TABLE=cruddur-messages
# The longest path of a Unix socket is 107 bytes (unix(7)); live/live-publish.sock is the longest name that we put there.
readonly SOCKET_PATH_MAX=107

load_settings() {
	VAR=$(realpath -m -- "${CRUDDUR_VAR:-$ROOT/var}")
	RUN=$VAR/run
	LOG=$VAR/log
	ASKED_BASE=${CRUDDUR_PORT_BASE:-}
	remember_load
	PORT_BASE=${CRUDDUR_PORT_BASE:-4560}
	want_number CRUDDUR_PORT_BASE "$PORT_BASE" 1 65531
	NGINX_PORT=${CRUDDUR_NGINX_PORT:-$PORT_BASE}
	POSTGRES_PORT=${CRUDDUR_POSTGRES_PORT:-$((PORT_BASE + 1))}
	DYNAMODB_PORT=${CRUDDUR_DYNAMODB_PORT:-$((PORT_BASE + 2))}
	COGNITO_PORT=${CRUDDUR_COGNITO_PORT:-$((PORT_BASE + 3))}
	METRICS_PORT=${CRUDDUR_METRICS_PORT:-$((PORT_BASE + 4))}
	want_number CRUDDUR_NGINX_PORT "$NGINX_PORT" 1 65535
	want_number CRUDDUR_POSTGRES_PORT "$POSTGRES_PORT" 1 65535
	want_number CRUDDUR_DYNAMODB_PORT "$DYNAMODB_PORT" 1 65535
	want_number CRUDDUR_COGNITO_PORT "$COGNITO_PORT" 1 65535
	want_number CRUDDUR_METRICS_PORT "$METRICS_PORT" 1 65535
	WORKERS=${CRUDDUR_WORKERS:-4}
	want_number CRUDDUR_WORKERS "$WORKERS" 1 256
	BUILD_DIR=$(realpath -m -- "${CRUDDUR_BUILD_DIR:-$VAR/build}")
	# Downloads are the same for every stack, and never written to after they were unpacked.
	TOOLS_DIR=$(realpath -m -- "${CRUDDUR_TOOLS_DIR:-$ROOT/var/tools}")
	FCGI=${CRUDDUR_FCGI:-$BUILD_DIR/cruddur-fcgi}
	STREAM=${CRUDDUR_STREAM:-$BUILD_DIR/cruddur-stream}
	BASE_URL=http://127.0.0.1:$NGINX_PORT
	METRICS_URL=http://127.0.0.1:$METRICS_PORT/metrics
	DYNAMODB_URL=http://127.0.0.1:$DYNAMODB_PORT
	COGNITO_URL=http://127.0.0.1:$COGNITO_PORT
}

want_number() {
	if ! [[ $2 =~ ^[0-9]{1,5}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
		die "$1=$2 is not a number from $3 to $4"
	fi
}

remember_load() {
	local name value

	[[ -r $VAR/settings ]] || return 0
	while IFS='=' read -r name value; do
		if [[ " ${REMEMBERED[*]} " == *" $name "* && -z ${!name:-} ]]; then
			# The ports that were derived from another base do not outlive it.
			[[ -n $ASKED_BASE && $name == *_PORT ]] && continue
			printf -v "$name" '%s' "$value"
		fi
	done <"$VAR/settings"
}

# remember_save: notes what this `up` was asked for.
remember_save() {
	local name

	for name in "${REMEMBERED[@]}"; do
		[[ -z ${!name:-} ]] || printf '%s=%s\n' "$name" "${!name}"
	done >"$VAR/settings"
}

# make_var: creates the folders, marked as ours so that `down --purge` never removes anything else.
make_var() {
	mkdir -p -- "$VAR" "$RUN" "$LOG"
	: >"$VAR/.cruddur-var"
	find_socket_dir
}

# find_socket_dir: SOCKETS is $VAR/run, or a short folder elsewhere when that path is too long for sockets.
find_socket_dir() {
	SOCKETS=$RUN
	if ((${#SOCKETS} + 24 > SOCKET_PATH_MAX)); then
		SOCKETS=$(cat -- "$VAR/socket-dir" 2>/dev/null || true)
		if [[ ! -d $SOCKETS && -d $VAR ]]; then
			SOCKETS=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/cruddur.XXXXXX")
			chmod 755 -- "$SOCKETS"
			printf '%s\n' "$SOCKETS" >"$VAR/socket-dir"
		fi
	fi
}

# shared_memory: the file that workers and stream consumer map: another one for each build, as what stands in it may be
# laid out differently, and nobody counts versions between two of them.
shared_memory() {
	printf '%s/shared-%.12s\n' "$RUN" "$(cat -- "$FCGI" "$STREAM" 2>/dev/null | sha256sum)"
}

# service_settings: one NAME=value a line, every setting that is set here.
service_settings() {
	find_socket_dir
	cat <<-EOF
	CONNECTION_URL=postgresql://cruddur:$(postgres_password)@127.0.0.1:$POSTGRES_PORT/cruddur
	AWS_COGNITO_USER_POOL_ID=$(cognito_id pool)
	AWS_COGNITO_USER_POOL_CLIENT_ID=$(cognito_id client)
	AWS_REGION=$REGION
	AWS_DEFAULT_REGION=$REGION
	AWS_ENDPOINT_URL_DYNAMODB=$DYNAMODB_URL
	AWS_ENDPOINT_URL_DYNAMODB_STREAMS=$DYNAMODB_URL
	AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=$COGNITO_URL
	AWS_ACCESS_KEY_ID=local
	AWS_SECRET_ACCESS_KEY=local
	AWS_EC2_METADATA_DISABLED=true
	CRUDDUR_MESSAGES_TABLE=$TABLE
	FRONTEND_URL=$FRONTEND_URL
	BACKEND_URL=$BASE_URL
	CRUDDUR_LIVE_SOCKET=$(live_socket)
	CRUDDUR_SHARED_MEMORY=$(shared_memory)
	CRUDDUR_LOG_LEVEL=${CRUDDUR_LOG_LEVEL:-info}
	EOF
}
