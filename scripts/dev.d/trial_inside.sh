# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What is tried with the packages, inside the namespaces that trial.sh makes. ROOTFS is the bare Debian; `inside` runs a
# command in it, once it is booted.

# The name in the site example.
readonly TRIAL_HOST=api.cruddur.example.com
readonly TRIAL_RESTARTS=10
readonly TRIAL_SECONDS=60

# trial_inside FOLDER: the whole of it. It runs as process 1 of its namespace: everything ends with it.
trial_inside() {
	PACKAGE=$1
	ROOTFS=$PACKAGE/root
	make_var
	ip link set lo up
	trial_backends
	trial_boot
	trial_step 'what the packages depend on is installed, as apt resolves it' trial_install_dependencies
	trial_files >"$PACKAGE/before"
	trial_step "the packages' own tests (debian/tests)" trial_autopkgtest
	trial_step 'a purge leaves nothing behind' trial_purge
	trial_step "README.md's commands make a live site" trial_go_live
	trial_step 'two people talk' trial_conversation
	trial_step "$TRIAL_RESTARTS restarts and an upgrade in $TRIAL_SECONDS s of load: no request fails" trial_load
	trial_step 'the upgrade kept what was edited, and brought what was not' trial_upgraded
	trial_step 'two people still talk' trial_conversation
	trial_step 'a purge leaves nothing behind' trial_purge
	inside systemctl poweroff || true
	wait_for 30 trial_container_gone || die 'the container does not end' "look at $LOG/container.log"
	services_down
}

# trial_step WHAT FUNCTION ARGUMENT...
trial_step() {
	local what=$1 status log started=$SECONDS

	shift
	log=$LOG/$1.log
	# Not as a condition, in which bash would go on after a command that failed.
	"$@" >"$log" 2>&1 &
	status=0
	wait $! || status=$?
	if ((status != 0)); then
		show_tail "$log" 40
		inside journalctl --no-pager -n 60 >"$LOG/journal.log" 2>&1 || true
		show_tail "$LOG/journal.log" 30
		die "failed: $what" "the whole log is $log; the container's journal is beside it"
	fi
	tail -n 1 -- "$log" | grep -E ' requests, ' >&2 || true
	say "ok: $what ($((SECONDS - started)) s)"
}

# The backends of scripts/dev, with their seed; workers and nginx are the container's.
trial_backends() {
	say 'backends'
	services_up "${BACKENDS[@]}"
	seed_everything
}

# The real systemd as process 1 of a container, with this namespace's loopback as its network. Under a systemd of the
# machine's it gets a scope of its own, elsewhere it stays where we are.
trial_boot() {
	local options=(--quiet --boot --register=no --resolv-conf=off --timezone=off --link-journal=no --console=pipe)

	[[ -d /run/systemd/system ]] || options+=(--keep-unit)
	say 'booting a bare Debian'
	rm -f -- "$ROOTFS/etc/machine-id"
	systemd-machine-id-setup --root="$ROOTFS" >"$LOG/machine-id.log" 2>&1
	printf 'trial\n' >"$ROOTFS/etc/hostname"
	printf '127.0.0.1 localhost trial %s\n' "$TRIAL_HOST" >"$ROOTFS/etc/hosts"
	systemd-nspawn "${options[@]}" --directory="$ROOTFS" --machine=trial \
		--bind="$TOOLS_DIR/apt-archives:/var/cache/apt/archives" </dev/null >"$LOG/container.log" 2>&1 &
	CONTAINER=$!
	wait_for 60 trial_booted || {
		show_tail "$LOG/container.log"
		die 'systemd does not boot in a container here' "look at $LOG/container.log"
	}
}

# nspawn's one child is the container's process 1.
trial_booted() {
	# The file has no end of line.
	read -r LEADER _ <"/proc/$CONTAINER/task/$CONTAINER/children" || [[ -n $LEADER ]] || return 1
	[[ $(inside systemctl is-system-running) =~ ^(running|degraded)$ ]]
}

trial_container_gone() {
	! process_identity "$CONTAINER" >/dev/null
}

# inside COMMAND...: in the container, as root, with what a login has.
inside() {
	nsenter --target "$LEADER" --mount --uts --ipc --net --pid --cgroup --root --wdns=/ -- \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "${TRIAL_ENV[@]}" "$@"
}
TRIAL_ENV=()

trial_install_dependencies() {
	# shellcheck disable=SC2016 # for the shell inside
	inside bash -euc 'apt-get -y install $(cat /packages/dependencies)'
	inside systemctl is-active nginx
	trial_certificates
}

# What the operator has from elsewhere: a certificate for the site, here one that the container trusts; and a DynamoDB
# behind TLS as AWS's is, so that the workers' sandbox has met it.
trial_certificates() {
	local live=$ROOTFS/etc/letsencrypt/live/$TRIAL_HOST

	mkdir -p -- "$live"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$live/privkey.pem" -out "$live/fullchain.pem" -days 2 \
		-subj "/CN=$TRIAL_HOST" -addext "subjectAltName=DNS:$TRIAL_HOST,DNS:localhost"
	cp -- "$live/fullchain.pem" "$ROOTFS/usr/local/share/ca-certificates/trial.crt"
	inside update-ca-certificates
	cat >"$ROOTFS/etc/nginx/conf.d/dynamodb.conf" <<-EOF
	server {
		listen 127.0.0.1:8443 ssl;
		ssl_certificate /etc/letsencrypt/live/$TRIAL_HOST/fullchain.pem;
		ssl_certificate_key /etc/letsencrypt/live/$TRIAL_HOST/privkey.pem;
		keepalive_requests 1000000;
		keepalive_timeout 1h;
		location / {
			proxy_pass $DYNAMODB_URL;
			proxy_set_header Host \$http_host;
		}
	}
	EOF
	inside systemctl reload nginx
}

# trial_files: every path where a package may leave something, and what is in the files of /etc; without what apt,
# systemd and nginx write by themselves, and without the system user, who stays.
trial_files() {
	inside find /etc /run /var /dev/shm /usr /lib/systemd /root /home -xdev \
		\( -path /run/systemd -o -path /run/udev -o -path /run/log -o -path /run/mount -o -path /var/log/journal \
		-o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/systemd/timers -o -path '/var/tmp/systemd-private-*' \) \
		-prune -o ! -path '/etc/*-' -printf '%y %m %u:%g %p\n' | sort
	inside find /etc -xdev -type f ! -name '*passwd*' ! -name '*group*' ! -name '*shadow*' ! -name ld.so.cache \
		-exec sha256sum {} + | sort -k 2
	inside sh -c 'grep -hv ^cruddur: /etc/passwd /etc/group /etc/shadow /etc/gshadow'
	inside sh -c "cd /lib/systemd/system && systemctl list-units --all --no-legend --plain 'cruddur*' 'run-cruddur*'"
}

trial_purge() {
	inside apt-get -y purge cruddur cruddur-web
	inside systemctl reset-failed
	inside nginx -t
	trial_files >"$PACKAGE/after"
	diff -u "$PACKAGE/before" "$PACKAGE/after"
}

trial_autopkgtest() {
	local name

	inside bash -euc 'apt-get -y install /packages/previous/*.deb'
	for name in smoke service; do
		cp -- "$ROOT/debian/tests/$name" "$ROOTFS/root/test"
		inside /root/test
	done
	rm -f -- "$ROOTFS/root/test"
}

# readme_commands HEADING: the first indented block below that heading, as an operator copies it.
readme_commands() {
	awk -v heading="$1" '$0 == heading { on = 1; next } on && /^    / { block = 1; print substr($0, 5); next }
		block { exit }' "$ROOT/README.md"
}

# README.md's commands as they stand. What an operator does by hand in between, the script in editor's place does; and
# database and table are those here, not a real account's.
trial_go_live() {
	local commands

	commands=$(readme_commands '### From apt to a live site')
	[[ $commands == *'apt install'*editor*systemctl* ]] || die 'README.md has lost its commands'
	commands=${commands// --prod/}
	service_settings | sed -e "s#^AWS_ENDPOINT_URL_DYNAMODB=.*#AWS_ENDPOINT_URL_DYNAMODB=https://localhost:8443#" \
		-e 's#^CRUDDUR_LIVE_SOCKET=.*#CRUDDUR_LIVE_SOCKET=/run/cruddur/live-publish.sock#' \
		-e "s#^BACKEND_URL=.*#BACKEND_URL=https://$TRIAL_HOST#" >"$ROOTFS/root/settings"
	trial_editor >"$ROOTFS/usr/local/bin/editor"
	chmod 755 -- "$ROOTFS/usr/local/bin/editor"
	printf 'APT::Get::Assume-Yes "true";\n' >"$ROOTFS/etc/apt/apt.conf.d/91trial"
	printf '%s\n' "$commands"
	TRIAL_ENV=(OWNER_URL="postgresql://cruddur:$(postgres_password)@127.0.0.1:$POSTGRES_PORT/cruddur"
		AWS_ENDPOINT_URL_DYNAMODB="$DYNAMODB_URL" AWS_REGION="$REGION" AWS_DEFAULT_REGION="$REGION"
		AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local)
	inside bash -exc "cd /packages/previous; $commands"
	# An administrator who orders sites by number.
	inside mv /etc/nginx/sites-enabled/cruddur /etc/nginx/sites-enabled/50-api
	rm -f -- "$ROOTFS/usr/local/bin/editor" "$ROOTFS/root/settings" "$ROOTFS/etc/apt/apt.conf.d/91trial"
	wait_for 20 trial_ready
}

# Every setting that the file has, commented out or not, gets the value of this place; in the site, what is marked CHANGE.
trial_editor() {
	cat <<-EOF
	#!/bin/bash
	set -euo pipefail
	case \$1 in
	*/cruddur.env)
		while IFS='=' read -r name value; do
			sed -i "s|^#\\?\$name=.*|\$name=\$value|" "\$1"
		done </root/settings
		;;
	*)
		sed -i -e 's#https://cognito-idp.us-east-1.amazonaws.com#$COGNITO_URL#' \
			-e 's#us-east-1_EXAMPLE00#$(cognito_id pool)#' -e 's#0example0client0id0000000#$(cognito_id client)#' \
			-e 's#default "srp"#default "password"#' "\$1"
		;;
	esac
	EOF
}

# trial_curl TOKEN PATH OPTION...: a call of the site, from outside of the container.
trial_curl() {
	curl -sS -m 10 --fail-with-body --resolve "$TRIAL_HOST:443:127.0.0.1" \
		--cacert "$ROOTFS/etc/letsencrypt/live/$TRIAL_HOST/fullchain.pem" -H "Authorization: Bearer $1" "${@:3}" \
		"https://$TRIAL_HOST$2"
}

trial_ready() {
	[[ $(trial_curl none /api/ready) == '{"postgres":"ok","dynamodb":"ok","jwks":"ok"}' ]]
}

# A message through nginx, in the other one's live stream, history and list; and the page.
trial_conversation() {
	local sender reader group sent listening events=$LOG/live-events

	sender=$(cognito_token "$DEMO_SENDER")
	reader=$(cognito_token "$DEMO_READER")
	group=$(trial_curl "$sender" /api/message_groups | jq -er '.[0].uuid')
	trial_curl "$reader" /api/live -N -m 60 -o "$events" &
	listening=$!
	wait_for 10 grep -q '^: hi' "$events"
	sent=$(jq -n --arg group "$group" --arg text "Packed, $(date +%T.%N)." '{message: $text, message_group_uuid: $group}' |
		trial_curl "$sender" /api/messages -H 'Content-Type: application/json' --data-binary @-)
	trial_curl "$reader" "/api/messages/$group" | jq -e --argjson sent "$sent" '.[-1].uuid == $sent.uuid'
	wait_for 10 grep -qF "$(jq -r .uuid <<<"$sent")" "$events" || die 'the message did not arrive by itself'
	kill "$listening"
	wait_for 10 trial_list_begins_with "$reader" "$(jq -r .message <<<"$sent")" || die 'the list does not follow'
	trial_curl none / | grep '<title>'
}

trial_list_begins_with() {
	trial_curl "$1" /api/message_groups | jq -e --arg text "$2" '.[0].message == $text'
}

# Restarts in even steps while load lasts, the upgrade in the middle of them.
trial_load() {
	local load turn pause

	pause=$((TRIAL_SECONDS / (TRIAL_RESTARTS + 2)))
	trial_edited >"$PACKAGE/edited"
	SENDER_TOKEN=$(cognito_token "$DEMO_SENDER") READER_TOKEN=$(cognito_token "$DEMO_READER") \
		/usr/bin/python3 "$ROOT/tests/load/restart_load.py" --host "$TRIAL_HOST" --seconds "$TRIAL_SECONDS" \
		--until "$PACKAGE/restarted" --ca "$ROOTFS/etc/letsencrypt/live/$TRIAL_HOST/fullchain.pem" &
	load=$!
	for ((turn = 1; turn <= TRIAL_RESTARTS; turn++)); do
		# The pace: nothing is waited for.
		sleep "$pause"
		trial_restart
		if ((turn == TRIAL_RESTARTS / 2)); then
			sleep "$pause"
			# Nobody is there to answer, and no option answers for him.
			inside bash -euc 'apt-get -y install /packages/*.deb' </dev/null
		fi
	done
	: >"$PACKAGE/restarted"
	wait "$load"
}

# Other workers are there after it.
trial_restart() {
	local before

	before=$(inside systemctl show --property=MainPID cruddur-fcgi)
	inside systemctl restart cruddur-fcgi
	[[ $before != "$(inside systemctl show --property=MainPID cruddur-fcgi)" ]]
}

# trial_edited: what the administrator wrote, and who may read it.
trial_edited() {
	inside sha256sum /etc/cruddur/cruddur.env /etc/nginx/sites-available/cruddur
	inside stat -c '%a %U:%G %n' /etc/cruddur/cruddur.env
}

trial_upgraded() {
	local unit

	[[ $(inside dpkg-query --show cruddur cruddur-web) != *previous* ]]
	trial_edited | diff -u "$PACKAGE/edited" -
	inside grep 'A line of the previous version' /etc/cruddur/cruddur.env
	if inside grep -r 'A line of the previous version' /usr/share/cruddur /etc/nginx; then
		die 'a file that nobody edited did not follow'
	fi
	if inside find /etc/cruddur /etc/nginx -name '*.dpkg-*' -o -name 'cruddur.env?*' | grep .; then
		die 'dpkg left a file to look at'
	fi
	for unit in cruddur-fcgi.socket cruddur-fcgi.service cruddur-stream.service cruddur-live.socket \
		cruddur-live-publish.socket cruddur-live.service; do
		inside systemctl is-active "$unit"
	done
	for unit in cruddur-fcgi cruddur-stream cruddur-live; do
		inside systemctl is-enabled "$unit"
	done
	# All of them are new: none runs a file that the upgrade replaced.
	if inside bash -c 'ls -l /proc/[0-9]*/exe 2>&1' | grep 'cruddur.*(deleted)'; then
		die 'something still runs the previous version'
	fi
}
