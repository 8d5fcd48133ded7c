# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The front door of the working copy: Debian's nginx with a prefix of its own under var/, made from
# conf/nginx/dev.conf.in. The API's part of the configuration is the production one.

nginx_prepare() {
	local config user=''

	mkdir -p -- "$VAR/nginx/tmp"
	ln -sfn -- "$ROOT/conf/nginx" "$VAR/nginx/cruddur"
	# As root the workers' socket is root's; nginx's own workers then stay root as well.
	if ((EUID == 0)); then
		user='user root root;'
	fi
	config=$(<"$ROOT/conf/nginx/dev.conf.in")
	config=${config//'@USER@'/"$user"}
	config=${config//'@PREFIX@'/"$VAR/nginx"}
	config=${config//'@LOG@'/"$LOG"}
	config=${config//'@PORT@'/"$NGINX_PORT"}
	config=${config//'@SOCKET@'/"$(workers_socket)"}
	config=${config//'@QUEUE@'/"$WORKERS_BACKLOG"}
	config=${config//'@WEB@'/"$ROOT/web"}
	config=${config//'@COGNITO_URL@'/"$COGNITO_URL"}
	config=${config//'@USER_POOL@'/"$(cognito_id pool)"}
	config=${config//'@CLIENT@'/"$(cognito_id client)"}
	config=${config//'@LIVE@'/"$(live_folder)"}
	config=${config//'@FRONTEND_URL@'/"$FRONTEND_URL"}
	config=${config//'@BACKEND_URL@'/"$BASE_URL"}
	printf '%s\n' "$config" >"$VAR/nginx/nginx.conf"
	if ! nginx_run -t -q 2>"$LOG/nginx-test.log"; then
		show_tail "$LOG/nginx-test.log"
		die 'nginx refuses its configuration' "look at $VAR/nginx/nginx.conf"
	fi
}

nginx_run() {
	nginx -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" -e "$LOG/nginx.log" "$@"
}

nginx_start() {
	daemon_start nginx "$VAR/nginx" nginx -p "$VAR/nginx" -c "$VAR/nginx/nginx.conf" -e "$LOG/nginx.log"
}

# nginx itself answers; 502 is an answer too, when the workers are down.
nginx_ready() {
	[[ $(curl -s -m 10 -o /dev/null -w '%{http_code}' "$BASE_URL/api/health-check") != 000 ]]
}

# front_door_ready: through nginx to a worker and back.
front_door_ready() {
	[[ $(curl -s -m 10 "$BASE_URL/api/health-check" | jq -r .success) == true ]]
}

nginx_settle() {
	:
}

nginx_stamp() {
	sha256sum -- "$VAR/nginx/nginx.conf" "$ROOT"/conf/nginx/*
}
