# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What is taken from npm: a folder with a package.json and a lock file names it, and it is fetched once for all stacks.

# npm_home FOLDER: where that folder's packages are, once they were fetched. Another lock file is another home.
npm_home() {
	printf '%s/npm-%s\n' "$TOOLS_DIR" "$(cksum <"$1/package-lock.json" | cut -d' ' -f1)"
}

# npm_prepare FOLDER WHAT
npm_prepare() {
	[[ ! -d $(npm_home "$1") ]] || return 0
	mkdir -p -- "$TOOLS_DIR" "$LOG"
	with_lock "$TOOLS_DIR/.lock" 600 'a download' npm_fetch "$@"
}

npm_fetch() {
	local home scratch

	home=$(npm_home "$1")
	[[ ! -d $home ]] || return 0
	say "fetching $2"
	scratch=$(mktemp -d "$TOOLS_DIR/npm.XXXXXX")
	cp -- "$1/package.json" "$1/package-lock.json" "$scratch/"
	# npm ci holds every package against the lock file's checksum; none of them has to run a script.
	if ! (cd -- "$scratch" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$LOG/npm.log" 2>&1; then
		rm -rf -- "$scratch"
		show_tail "$LOG/npm.log"
		die "npm could not fetch $2" 'is the network there? npm ping'
	fi
	chmod 755 -- "$scratch"
	mv -T -- "$scratch" "$home"
}
