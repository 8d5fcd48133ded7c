# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Builds the project out of tree with its autotools; make decides what is to be done.

build_project() {
	# Two stacks may build from one source tree: ./configure is made once, and each folder by one at a time.
	[[ -f $ROOT/configure.ac ]] || die "no configure.ac in $ROOT" 'is the source tree complete? git status'
	with_lock "$ROOT/configure.ac" 1800 'a build' build_locked
}

build_locked() {
	mkdir -p -- "$BUILD_DIR" "$LOG"
	if [[ ! -x $ROOT/configure || $ROOT/configure.ac -nt $ROOT/configure ]]; then
		say 'making ./configure'
		build_step autoreconf -fi "$ROOT"
	fi
	build_configure
	build_step make --no-print-directory -C "$BUILD_DIR" -j"$(nproc)" all
}

# Configures when there is no Makefile yet, or when CRUDDUR_CONFIGURE differs from the last time.
build_configure() {
	local options

	read -ra options <<<"${CRUDDUR_CONFIGURE:-}"
	if [[ -f $BUILD_DIR/Makefile && $(cat -- "$BUILD_DIR/.options" 2>/dev/null) == "${options[*]}" ]]; then
		return 0
	fi
	say "configuring in $BUILD_DIR"
	(cd -- "$BUILD_DIR" && build_step "$ROOT/configure" "${options[@]}")
	printf '%s\n' "${options[*]}" >"$BUILD_DIR/.options"
}

build_step() {
	if ! "$@" >"$LOG/build.log" 2>&1; then
		show_tail "$LOG/build.log" 40
		die "the build failed at: $*" "the whole output is in $LOG/build.log"
	fi
}
