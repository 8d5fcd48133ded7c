# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The nginx that holds the live streams: conf/nginx/live.conf, with its sockets and logs under var/. The front door
# (nginx.sh) passes streams on to it, the workers hand it events.

# A folder that nobody else can enter: nginx makes sockets for everybody to write to.
live_folder() {
	printf '%s/live\n' "$SOCKETS"
}

# Where the workers hand in live events.
live_socket() {
	printf '%s/live-publish.sock\n' "$(live_folder)"
}

live_prepare() {
	local config

	mkdir -p -- "$(live_folder)"
	chmod 700 -- "$(live_folder)"
	config=$(<"$ROOT/conf/nginx/live.conf")
	config=${config/load_module/"$(nginx_user)"$'\n'load_module}
	config=${config//\/run\/cruddur-live/"$(live_folder)"}
	config=${config//\/run\/cruddur/"$(live_folder)"}
	config=${config//error_log stderr warn;/"error_log \"$LOG/live.log\" warn;"}
	nginx_install live "$config"
}

live_start() {
	# Those of an nginx that was killed: no other could listen there.
	rm -f -- "$(live_folder)"/*.sock
	daemon_start live "$VAR/nginx" nginx -p "$VAR/nginx" -c "$VAR/nginx/live.conf" -e "$LOG/live.log" \
		-g 'daemon off;'
}

live_ready() {
	[[ $(curl -s -m 5 -o /dev/null -w '%{http_code}' --unix-socket "$(live_socket)" http://live/) == 404 ]]
}

live_settle() {
	:
}

live_stamp() {
	sha256sum -- "$VAR/nginx/live.conf" "$ROOT"/conf/nginx/live*.conf
}
