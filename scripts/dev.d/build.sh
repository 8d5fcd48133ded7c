# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Builds the project out of tree with its autotools; make decides what is to be done.

# A warning is an error here: the compilers of Debian 12 do not change.
readonly CONFIGURE_DEFAULT=--enable-werror

# build_project [FOLDER OPTION...]: in BUILD_DIR unless told otherwise.
build_project() {
	local folder=${1:-$BUILD_DIR} options

	if (($# > 1)); then
		options=("${@:2}")
	else
		read -ra options <<<"${CRUDDUR_CONFIGURE-$CONFIGURE_DEFAULT}"
	fi
	# Two stacks may build from one source tree: ./configure is made once, and each folder by one at a time.
	[[ -f $ROOT/configure.ac ]] || die "no configure.ac in $ROOT" 'is the source tree complete? git status'
	with_lock "$ROOT/configure.ac" 1800 'a build' build_locked "$folder" "${options[@]}"
}

build_locked() {
	local folder=$1

	mkdir -p -- "$folder" "$LOG"
	if [[ ! -x $ROOT/configure || $ROOT/configure.ac -nt $ROOT/configure ]]; then
		say 'making ./configure'
		build_step autoreconf -fi "$ROOT"
	fi
	build_configure "$@"
	build_step make --no-print-directory -C "$folder" -j"$(nproc)" all
}

# build_configure FOLDER OPTION...: when there is no Makefile yet, or the options differ from the last time.
build_configure() {
	local folder=$1

	shift
	if [[ -f $folder/Makefile && $(cat -- "$folder/.options" 2>/dev/null) == "$*" ]]; then
		return 0
	fi
	say "configuring in $folder"
	(cd -- "$folder" && build_step "$ROOT/configure" "$@")
	printf '%s\n' "$*" >"$folder/.options"
}

build_step() {
	if ! "$@" >"$LOG/build.log" 2>&1; then
		show_tail "$LOG/build.log" 40
		die "the build failed at: $*" "the whole output is in $LOG/build.log"
	fi
}
