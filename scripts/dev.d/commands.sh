# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The subcommands that have to do with the running stack. `build` and `lint` are in check.sh, `test` in test.sh.

cmd_up() {
	local show=yes

	case ${1:-} in
	'') ;;
	--no-demo) show=no ;;
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev up [--no-demo]

		Installs missing Debian packages, builds, starts Postgres, DynamoDB Local, cognito-local, the
		workers, the stream consumer and nginx on 127.0.0.1, loads schema and seed, and ends with a conversation through
		the API (--no-demo leaves that out, and sends nothing). Safe to repeat: what runs already is
		left alone, what changed (a new build, another configuration) is restarted.
		EOF
		return 0
		;;
	*) die "up does not know $1" 'scripts/dev up --help' ;;
	esac
	make_var
	with_lock "$VAR/lock" 900 'this stack' up_locked "$show"
}

up_locked() {
	packages_install up
	[[ -n ${CRUDDUR_FCGI:-} && -n ${CRUDDUR_STREAM:-} ]] || build_project
	remember_save
	services_up "${BACKENDS[@]}"
	seed_everything
	# The workers' socket comes before nginx, so that its first request finds one.
	services_up workers
	services_up stream live nginx
	if ! wait_for "$START_DEADLINE" front_door_ready; then
		show_tail "$LOG/workers.log"
		die "no worker answers $BASE_URL/api/health-check" "look at $LOG/workers.log and $LOG/nginx.log"
	fi
	if [[ $1 == yes ]]; then
		demo
	fi
	say "Figures of all workers: $METRICS_URL"
	say "Open $BASE_URL/ ; sign in as one of: $DEV_USERS (password $DEV_PASSWORD)"
	say "  eval \"\$(scripts/dev env)\"   scripts/dev token andrewbrown   scripts/dev logs -f   scripts/dev down"
}

cmd_down() {
	local purge=no sure=no

	while [[ $# -gt 0 ]]; do
		case $1 in
		--purge) purge=yes ;;
		--yes) sure=yes ;;
		-h | --help)
			cat <<-'EOF'
			Usage: scripts/dev down [--purge [--yes]]

			Ends every process of this stack. The data stays for the next `up`; --purge removes it,
			with everything else under CRUDDUR_VAR, after asking (--yes: without).
			EOF
			return 0
			;;
		*) die "down does not know $1" 'scripts/dev down --help' ;;
		esac
		shift
	done
	if [[ ! -e $VAR/.cruddur-var ]]; then
		say "nothing is set up in $VAR"
		return 0
	fi
	make_var
	with_lock "$VAR/lock" 900 'this stack' down_locked
	[[ $purge == no ]] || purge_var "$sure"
}

down_locked() {
	services_down
	rm -f -- "$(workers_socket)" "$RUN"/shared-*
	if [[ -s $VAR/socket-dir ]]; then
		rm -rf -- "$SOCKETS"
		rm -f -- "$VAR/socket-dir"
	fi
	say "the stack in $VAR is down"
}

purge_var() {
	local answer

	if [[ $1 == no ]]; then
		[[ -t 0 ]] || die 'refusing to remove data without being sure' 'scripts/dev down --purge --yes'
		read -rp "Remove $VAR and all data in it? Type yes: " answer
		[[ $answer == yes ]] || die 'nothing was removed'
	fi
	rm -rf -- "$VAR"
	say "removed $VAR"
}

cmd_status() {
	local name pid port down=0

	case ${1:-} in
	-h | --help)
		printf '%s\n' 'Usage: scripts/dev status' '' 'What runs, and where. Exit status 3 when something is down.'
		return 0
		;;
	esac
	want_no_options status "$@"
	find_socket_dir
	for name in "${SERVICES[@]}"; do
		read -r port _ < <(service_port "$name") || port=
		if ! pid=$(daemon_pid "$name"); then
			printf '%-10s down\n' "$name"
			down=1
		elif "${name}_ready" >/dev/null 2>&1; then
			printf '%-10s up      pid %-8s %-22s %s\n' "$name" "$pid" \
				"${port:+127.0.0.1:$port}" "$LOG/$name.log"
		else
			printf '%-10s failing pid %-8s %-22s %s\n' "$name" "$pid" \
				"${port:+127.0.0.1:$port}" "$LOG/$name.log"
			down=1
		fi
	done
	printf '%-10s %s\n' figures "$METRICS_URL" page "$BASE_URL/"
	((down == 0)) || exit 3
}

cmd_logs() {
	local follow=() lines=40 names=() files=() name

	while [[ $# -gt 0 ]]; do
		case $1 in
		-f | --follow) follow=(-F) ;;
		-n)
			lines=${2:-}
			want_number -n "$lines" 0 99999
			shift
			;;
		-h | --help)
			cat <<-EOF
			Usage: scripts/dev logs [-f] [-n LINES] [NAME]...

			The last LINES (40) of each log; -f goes on. NAME is one of: ${SERVICES[*]} access build
			EOF
			return 0
			;;
		*) names+=("$1") ;;
		esac
		shift
	done
	((${#names[@]} > 0)) || names=("${SERVICES[@]}" access)
	for name in "${names[@]}"; do
		[[ $name =~ ^[a-z-]+$ ]] || die "no such log: $name" "logs are in $LOG"
		[[ ! -e $LOG/$name.log ]] || files+=("$LOG/$name.log")
	done
	((${#files[@]} > 0)) || die "no logs in $LOG yet" 'scripts/dev up'
	tail -n "$lines" "${follow[@]}" -- "${files[@]}"
}

cmd_env() {
	local line

	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: eval "$(scripts/dev env)"

		The settings the workers run with, as export lines for a shell, and BASE_URL, DEV_PASSWORD and
		DEV_USERS.
		EOF
		return 0
		;;
	esac
	want_no_options env "$@"
	[[ -n $(cognito_id pool) ]] || die "the stack in $VAR was never up" 'scripts/dev up'
	while read -r line; do
		printf 'export %s=%s\n' "${line%%=*}" "$(quote "${line#*=}")"
	done < <(
		service_settings
		printf '%s\n' "BASE_URL=$BASE_URL" "DEV_PASSWORD=$DEV_PASSWORD" "DEV_USERS=$DEV_USERS"
	)
}

# quote TEXT: in single quotes, for any POSIX shell.
quote() {
	printf "'%s'\n" "${1//\'/\'\\\'\'}"
}

cmd_token() {
	case ${1:-} in
	-h | --help)
		printf '%s\n' 'Usage: scripts/dev token HANDLE' '' "A fresh access token of one of: $DEV_USERS"
		return 0
		;;
	esac
	[[ $# -eq 1 ]] || die 'token wants one handle' "one of: $DEV_USERS"
	[[ -n $(cognito_id client) ]] || die "the stack in $VAR was never up" 'scripts/dev up'
	cognito_token "$1"
}

cmd_start() {
	service_command start "$@"
}

cmd_stop() {
	service_command stop "$@"
}

cmd_restart() {
	service_command restart "$@"
}

# service_command VERB SERVICE...
service_command() {
	local verb=$1

	shift
	if [[ ${1:---help} == --help || $1 == -h ]]; then
		printf '%s\n' "Usage: scripts/dev $verb SERVICE..." '' "SERVICE is one of: ${SERVICES[*]}"
		return 0
	fi
	want_services "$@"
	[[ -e $VAR/.cruddur-var ]] || die "the stack in $VAR was never up" 'scripts/dev up'
	make_var
	with_lock "$VAR/lock" 900 'this stack' service_command_locked "$verb" "$@"
}

service_command_locked() {
	local verb=$1 name

	shift
	if [[ $verb != start ]]; then
		for name in "$@"; do
			service_stop "$name"
		done
	fi
	if [[ $verb != stop ]]; then
		services_up "$@"
	fi
}

cmd_packages() {
	local groups=(up test lint)

	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev packages [up] [test] [lint]

		Installs the missing Debian packages for running, testing and checking (without a name: all).
		scripts/dev.d/packages.txt says what each is for.
		EOF
		return 0
		;;
	esac
	[[ $# -eq 0 ]] || groups=("$@")
	packages_install "${groups[@]}"
	say "everything for ${groups[*]} is installed"
}
