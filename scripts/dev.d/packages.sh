# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Installs missing Debian packages, and nothing when none is missing. It leaves no system service running
# that was not there before: the working copy starts its own nginx and Postgres.

readonly NODE_MINIMUM=18

# packages_wanted GROUP...: names from packages.txt.
packages_wanted() {
	awk -v groups=" $* " '!/^#/ && NF && index(groups, " " $1 " ") { print $2 }' "$DEV_D/packages.txt"
}

# A node, npm or java from elsewhere serves as well as Debian's, and any flavour of libcurl's headers will do:
# they exclude each other, so the one that is there stays.
have_without_package() {
	case $1 in
	nodejs) find_node >/dev/null ;;
	npm) command -v npm >/dev/null ;;
	libcurl4-gnutls-dev) pkg-config --exists libcurl 2>/dev/null ;;
	default-jre-headless) command -v java >/dev/null ;;
	*) return 1 ;;
	esac
}

# find_node: prints the first node in PATH that is new enough.
find_node() {
	local node version

	while read -r node; do
		version=$("$node" --version 2>/dev/null) || continue
		version=${version#v}
		if ((${version%%.*} >= NODE_MINIMUM)); then
			printf '%s\n' "$node"
			return 0
		fi
	done < <(type -ap node)
	return 1
}

packages_missing() {
	local wanted installed name

	mapfile -t wanted < <(packages_wanted "$@")
	installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
	for name in "${wanted[@]}"; do
		if [[ $'\n'$installed$'\n' != *$'\n'"$name installed"$'\n'* ]] && ! have_without_package "$name"; then
			printf '%s\n' "$name"
		fi
	done
}

# packages_install GROUP...
packages_install() {
	local missing

	command -v dpkg-query >/dev/null || die 'this is no Debian system' 'the working copy is made for Debian 12'
	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]} > 0)) || return 0
	say "installing ${missing[*]}"
	mkdir -p -- "$LOG"
	if ((EUID != 0)) && ! command -v sudo >/dev/null; then
		die "these Debian packages are missing: ${missing[*]}" \
			'run this as root, or install sudo, or: apt-get install --no-install-recommends PACKAGES'
	fi
	if ! as_root bash -c "$(apt_script)" apt "${missing[@]}" >"$LOG/packages.log" 2>&1; then
		show_tail "$LOG/packages.log" 30
		die 'apt-get failed' "look at $LOG/packages.log; is the network there?"
	fi
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo -- "$@"
	fi
}

# The script that runs as root. policy-rc.d keeps invoke-rc.d from starting the services that come with
# nginx, postgresql, redis-server and prometheus (Debian Policy 9.3.3); where systemd would start them at the next boot they are
# disabled too, unless the package was there before us.
apt_script() {
	cat <<-'EOF'
	set -eu
	export DEBIAN_FRONTEND=noninteractive
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		trap 'rm -f "$policy"' EXIT
	fi
	apt-get update
	apt-get install -y --no-install-recommends "$@"
	if [ -d /run/systemd/system ]; then
		for name in "$@"; do
			case $name in
			nginx | postgresql | redis-server | prometheus) systemctl disable "$name" || true ;;
			esac
		done
	fi
	EOF
}
