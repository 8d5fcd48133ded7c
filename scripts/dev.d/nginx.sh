# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The front door of the working copy: Debian's nginx with a prefix of its own under var/, made from
# conf/nginx/dev.conf.in. The API's part of the configuration is the production one.

# The line that says whose nginx's processes are. As root the sockets are root's, so they stay root as well.
nginx_user() {
	if ((EUID == 0)); then
		printf 'user root root;'
	fi
}

# nginx_install NAME CONFIGURATION: puts it where nginx_run NAME finds it, with the project's files beside it.
nginx_install() {
	mkdir -p -- "$VAR/nginx/tmp"
	ln -sfn -- "$ROOT/conf/nginx" "$VAR/nginx/cruddur"
	printf '%s\n' "$2" >"$VAR/nginx/$1.conf"
	if ! nginx_run "$1" -t -q 2>"$LOG/$1-test.log"; then
		show_tail "$LOG/$1-test.log"
		die "nginx refuses the configuration of $1" "look at $VAR/nginx/$1.conf"
	fi
}

# nginx_run NAME OPTION...
nginx_run() {
	nginx -p "$VAR/nginx" -c "$VAR/nginx/$1.conf" -e "$LOG/$1.log" "${@:2}"
}

nginx_prepare() {
	local config

	config=$(<"$ROOT/conf/nginx/dev.conf.in")
	config=${config//'@USER@'/"$(nginx_user)"}
	config=${config//'@PREFIX@'/"$VAR/nginx"}
	config=${config//'@LOG@'/"$LOG"}
	config=${config//'@PORT@'/"$NGINX_PORT"}
	config=${config//'@METRICS_PORT@'/"$METRICS_PORT"}
	config=${config//'@SOCKET@'/"$(workers_socket)"}
	config=${config//'@QUEUE@'/"$WORKERS_BACKLOG"}
	config=${config//'@WEB@'/"$ROOT/web"}
	config=${config//'@COGNITO_URL@'/"$COGNITO_URL"}
	config=${config//'@USER_POOL@'/"$(cognito_id pool)"}
	config=${config//'@CLIENT@'/"$(cognito_id client)"}
	config=${config//'@LIVE@'/"$(live_folder)"}
	config=${config//'@FRONTEND_URL@'/"$FRONTEND_URL"}
	config=${config//'@BACKEND_URL@'/"$BASE_URL"}
	nginx_install nginx "$config"
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
