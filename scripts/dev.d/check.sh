# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The subcommands for people who change the code: build, lint, test.

cmd_build() {
	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev build

		Installs missing Debian packages, makes ./configure where needed, configures in CRUDDUR_BUILD_DIR with
		the options in CRUDDUR_CONFIGURE, and runs make.
		EOF
		return 0
		;;
	esac
	want_no_options build "$@"
	packages_install up
	build_project
	say "built in $BUILD_DIR"
}

cmd_lint() {
	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev lint

		shellcheck, clang-format, cppcheck, clang-tidy, the include layers, licence lines, nginx's own check of its
		configuration, systemd's of the units and Prometheus's of the alert rules, mandoc for the manuals,
		OpenAPI's own schema for doc/openapi.yaml, and lintian and blhc for the Debian packages, which are built for
		it. Says which of them complain, and fails if one does.
		EOF
		return 0
		;;
	esac
	want_no_options lint "$@"
	packages_install up test lint
	build_project
	lint_all
}

# lint_all: every check runs, whatever the one before said. LINT_PASSED and LINT_FAILED count them.
lint_all() {
	local check

	mkdir -p -- "$LOG"
	LINT_PASSED=0 LINT_FAILED=0
	for check in shellcheck format cppcheck tidy layers nginx units package promtool spdx mandoc openapi; do
		# Not as a condition, in which bash would go on after a command that failed.
		"lint_$check" >"$LOG/lint-$check.log" 2>&1 &
		if wait $!; then
			say "lint: $check ok"
			LINT_PASSED=$((LINT_PASSED + 1))
		else
			say "lint: $check FAILED"
			show_tail "$LOG/lint-$check.log" 40
			LINT_FAILED=$((LINT_FAILED + 1))
		fi
	done
	((LINT_FAILED == 0))
}

# source_files PATTERN...: the files of this source tree, in git or not yet, but nothing that git ignores.
source_files() {
	git -C "$ROOT" ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do
		[[ ! -f $ROOT/$file ]] || printf '%s\n' "$ROOT/$file"
	done
}

lint_shellcheck() {
	local files file

	mapfile -t files < <(
		source_files .ci bench build-aux debian scripts tests | while read -r file; do
			if [[ $file == *.sh ]] || head -n 1 -- "$file" | grep -qaE '^#!.*\b(ba)?sh\b'; then
				printf '%s\n' "$file"
			fi
		done
	)
	shellcheck -x -P "$DEV_D" -- "${files[@]}"
}

lint_format() {
	local files

	mapfile -t files < <(source_files '*.c' '*.h')
	clang-format --dry-run -Werror -- "${files[@]}"
}

# Macros and system headers are the compilers' business; both build with -Wall -Wextra -Werror.
lint_cppcheck() {
	local options=()

	[[ ! -f $ROOT/.cppcheck ]] || options=(--suppressions-list="$ROOT/.cppcheck")
	cppcheck --quiet --std=c17 --language=c --error-exitcode=1 --inline-suppr -j "$(nproc)" \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		"${options[@]}" -I "$ROOT/src" "$ROOT/src"
}

# clang-tidy reads .clang-tidy; the headers made by the build (SQL) are in the build folder.
lint_tidy() {
	local files flags=(-std=c17 -D_GNU_SOURCE -DHAVE_CONFIG_H -I"$ROOT/src" -I"$BUILD_DIR" -I"$BUILD_DIR/src")

	flags+=("-I$(pg_config --includedir)")
	mapfile -t files < <(source_files 'src/*.c')
	[[ ! -f $BUILD_DIR/Makefile ]] || make --no-print-directory -C "$BUILD_DIR" src/sql_statements.h
	# shellcheck disable=SC2016 # the inner shell expands it
	printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 6 bash -c \
		'flags=$1; shift; read -ra flags <<<"$flags"; clang-tidy --quiet "$@" -- "${flags[@]}"' bash "${flags[*]}"
}

lint_layers() {
	srcdir=$ROOT "$ROOT/build-aux/check-layers"
}

# The production site, and the nginx of the live streams, must be such as nginx takes; certificate and folders are the
# only things to replace.
lint_nginx() {
	local scratch

	scratch=$(mktemp -d)
	ln -s -- "$ROOT/conf/nginx" "$scratch/cruddur"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$scratch/key.pem" -out "$scratch/cert.pem" -days 2 \
		-subj /CN=localhost >/dev/null 2>&1
	sed -e "s#/etc/letsencrypt/live/[^/]*/fullchain.pem#$scratch/cert.pem#" \
		-e "s#/etc/letsencrypt/live/[^/]*/privkey.pem#$scratch/key.pem#" \
		-e "s#/var/log/nginx#$scratch#" "$ROOT/conf/nginx/cruddur.conf" >"$scratch/site.conf"
	printf 'pid %s/pid;\nevents {}\nhttp {\n\tinclude site.conf;\n}\n' "$scratch" >"$scratch/nginx.conf"
	nginx -t -q -p "$scratch" -c "$scratch/nginx.conf" -e "$scratch/error.log"
	sed -e 's#include cruddur/cruddur-web.conf#include cruddur/cruddur-no-web.conf#' -e '/^[[:space:]]*root /d' \
		"$scratch/site.conf" >"$scratch/site-no-web.conf"
	sed 's#site.conf#site-no-web.conf#' "$scratch/nginx.conf" >"$scratch/nginx-no-web.conf"
	nginx -t -q -p "$scratch" -c "$scratch/nginx-no-web.conf" -e "$scratch/error.log"
	# As the link that live.conf speaks of: in the folder above.
	sed -e "s#/run/cruddur\(-live\)\?#$scratch#" "$ROOT/conf/nginx/live.conf" >"$scratch/cruddur-live.conf"
	nginx -t -q -p "$scratch" -c "$scratch/cruddur-live.conf" -e "$scratch/error.log"
	rm -rf -- "$scratch"
}

# The example's configuration with the alert rules, and what the rules make of figures.
lint_promtool() {
	promtool check config "$ROOT/conf/prometheus/prometheus.yml"
	promtool test rules "$ROOT"/tests/prometheus/*.yml
}

# Every source file says its licence and what it is for.
lint_spdx() {
	local file bad=0

	while read -r file; do
		if ! head -n 3 -- "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
			printf '%s: no SPDX line\n' "$file"
			bad=1
		fi
	done < <(source_files '*.c' '*.h' '*.sh' '*.py' '*.sql' '*.go' '*.js' '*.mjs' '*.css' '*.html' '*.lua' '*.yml' 'bench/*' \
		'scripts/dev' 'scripts/*/*' 'conf/*' '.ci/*' 'man/*' 'doc/*.yaml' ':!bench/*.md' ':!bench/*.svg' \
		':!scripts/ddb/*.txt' ':!*.json')
	return "$bad"
}

# mandoc also looks for the pages that ours refer to: which of them are installed is no matter of ours.
lint_mandoc() {
	local files found

	mapfile -t files < <(source_files 'man/*.[1-9]')
	found=$(mandoc -T lint -W style -- "${files[@]}" 2>/dev/null | grep -v 'referenced manual not found') || true
	[[ -z $found ]] || printf '%s\n' "$found"
	[[ ${#files[@]} -gt 0 && -z $found ]]
}

readonly OPENAPI_TOOL=$ROOT/tests/openapi

# The schema that OpenAPI 3.1 has of itself. That the description is true is for tests/system/test_openapi.py.
lint_openapi() (
	local node

	node=$(find_node) || die "no node of version $NODE_MINIMUM or newer" 'scripts/dev packages'
	npm_prepare "$OPENAPI_TOOL" 'what the API description is checked with'
	"$node" "$(npm_home "$OPENAPI_TOOL")/node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js" \
		"$ROOT/doc/openapi.yaml"
)

cmd_test() {
	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev test

		Installs what testing needs, builds with gcc, and with clang and its sanitizers, and runs
		everything: the unit tests of both builds, make distcheck, the linters, the count of instructions
		for each request against the recorded one (bench/instructions), the system tests against real backends
		and the web client in a real browser, on ports and in folders of their own. The last line is
		"N passed, N failed, N skipped". Fails if anything failed or was skipped.
		EOF
		return 0
		;;
	esac
	want_no_options test "$@"
	TEST_RESULTS='' TEST_COUNTED=no
	trap test_end EXIT
	packages_install up test lint
	mkdir -p -- "$VAR" "$LOG"
	: >"$VAR/.cruddur-var"
	TEST_RESULTS=$(mktemp -d "$VAR/test.XXXXXX")
	build_project
	run_unit_tests "$BUILD_DIR"
	run_sanitized
	run_distcheck
	run_lint
	run_instructions
	run_system_tests
	# The counts are the last line, and their verdict is the exit status.
	TEST_COUNTED=yes
	/usr/bin/python3 "$DEV_D/count_results.py" "$TEST_RESULTS" "$BUILD_DIR" "$BUILD_DIR-clang"
}

# test_end: a run that broke off is a failed one, and says so in the same last line.
test_end() {
	[[ -z $TEST_RESULTS ]] || rm -rf -- "$TEST_RESULTS"
	[[ $TEST_COUNTED == yes ]] || printf '0 passed, 1 failed, 0 skipped\n'
}

# note_result NAME PASSED FAILED SKIPPED: for what writes no report that count_results.py reads.
note_result() {
	printf '%s %s %s %s\n' "$@" >>"$TEST_RESULTS/counts"
}

# run_unit_tests FOLDER: make check there. The system tests have their own run below, with a report.
run_unit_tests() {
	local log

	say "unit tests in $1"
	log=$LOG/unit-tests-${1##*/}.log
	find "$1" -name '*.trs' -delete
	# libcheck's 4 s a test are short for sanitizers on a busy machine.
	if ! CK_TIMEOUT_MULTIPLIER=5 make --no-print-directory -k -C "$1" -j"$(nproc)" check >"$log" 2>&1; then
		grep -rhE --include='*.log' ':[EF]:|runtime error|Sanitizer' "$1/tests" >&2 || true
		show_tail "$log" 30
		note_result 'make-check' 0 1 0
	fi
}

# The second compiler, with AddressSanitizer and UBSan: a finding fails the test program that made it.
run_sanitized() {
	if (build_project "$BUILD_DIR-clang" CC=clang --enable-werror --enable-sanitizers); then
		run_unit_tests "$BUILD_DIR-clang"
	else
		note_result 'clang-build' 0 1 0
	fi
}

# What `make dist` packs is complete, builds out of tree and passes its own check.
run_distcheck() {
	say 'make distcheck'
	if make --no-print-directory -C "$BUILD_DIR" distcheck >"$LOG/distcheck.log" 2>&1; then
		note_result distcheck 1 0 0
	else
		show_tail "$LOG/distcheck.log" 30
		note_result distcheck 0 1 0
	fi
}

run_lint() {
	lint_all || true
	note_result lint "$LINT_PASSED" "$LINT_FAILED" 0
}

# One result for each route. Instrumented builds run other code than the one whose instructions are recorded.
run_instructions() {
	local log=$LOG/instructions.log passed failed status=0

	if [[ $(cat -- "$BUILD_DIR/.options") == *--enable-@(sanitizers|coverage)* ]]; then
		say 'instructions per request: not counted, as this build is instrumented'
		return 0
	fi
	say 'instructions per request'
	CRUDDUR_FCGI=$BUILD_DIR/cruddur-fcgi "$ROOT/bench/instructions" --check >"$log" 2>&1 || status=$?
	grep -E '^(ok|FAILED|note:)' "$log" >&2 || true
	passed=$(grep -c '^ok' "$log" || true)
	failed=$(grep -c '^FAILED' "$log" || true)
	if ((status != 0 && failed == 0)); then
		show_tail "$log"
		failed=1
	fi
	note_result instructions "$passed" "$failed" 0
}

# What runs beside the rest, as it takes as long: those of the stream consumer, those of what is live, and those of what
# operators and AWS run.
readonly CONSUMER_TESTS='/test_(stream|streams_stub|table_check)[a-z_]*\.py$'
readonly TOOL_TESTS='/test_(ops|aws|lambda|schema_load|working_copy|check|metrics|log_lines)[a-z_]*\.py$'
readonly LIVE_TESTS='/test_(live|read)[a-z_]*\.py$'

# system_tests WHICH: their files.
system_tests() {
	local all

	all=$(printf '%s\n' "$ROOT"/tests/system/test_*.py)
	case $1 in
	consumer) grep -E "$CONSUMER_TESTS" <<<"$all" ;;
	live) grep -E "$LIVE_TESTS" <<<"$all" ;;
	tools) grep -E "$TOOL_TESTS" <<<"$all" ;;
	*) grep -vE "$CONSUMER_TESTS|$LIVE_TESTS|$TOOL_TESTS" <<<"$all" ;;
	esac
}

# Four runs side by side, each with a stack of its own (another folder, other ports, the same build; see
# tests/system/conftest.py). What the others say is shown when all have ended.
run_system_tests() {
	local files

	say 'system tests in four runs, and the web client in a browser'
	mapfile -t files < <(system_tests consumer)
	run_pytest consumer "${files[@]}" >"$LOG/system-consumer.log" 2>&1 &
	mapfile -t files < <(system_tests tools)
	run_pytest tools "${files[@]}" >"$LOG/system-tools.log" 2>&1 &
	mapfile -t files < <(system_tests live)
	{
		run_pytest live "${files[@]}"
		run_web_tests
	} >"$LOG/system-live.log" 2>&1 &
	mapfile -t files < <(system_tests rest)
	run_pytest system "${files[@]}" >&2
	wait || true
	cat -- "$LOG/system-consumer.log" "$LOG/system-tools.log" "$LOG/system-live.log" >&2
}

# run_pytest NAME FILE...
run_pytest() {
	local name=$1 status=0

	shift
	CRUDDUR_BUILD_DIR=$BUILD_DIR CRUDDUR_TOOLS_DIR=$TOOLS_DIR \
		/usr/bin/python3 -m pytest -p no:cacheprovider --durations=10 --junitxml="$TEST_RESULTS/$name.xml" "$@" || status=$?
	# 1 means failed tests, which the report counts; anything else is a run that was none (pytest, exit codes).
	((status <= 1)) || note_result "$name-run" 0 1 0
	[[ -s $TEST_RESULTS/$name.xml ]] || note_result "$name-report" 0 1 0
}

cmd_web_test() {
	local settings

	case ${1:-} in
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev web-test [--running] [NODE-OPTION]... [FILE.mjs]

		The tests of the web client (tests/web; all of them, or those of a file) in Debian's Chromium, with a stack
		of their own; --running: with the one that is up. --test-name-pattern=WORDS chooses some. CRUDDUR_WEB_SHOTS
		is a folder for pictures of the pages.
		EOF
		return 0
		;;
	--running)
		shift
		mapfile -t settings < <(service_settings)
		web_tests "${settings[@]}" "BASE_URL=$BASE_URL" -- "$@"
		return
		;;
	esac
	packages_install up test
	build_project
	web_tests -u BASE_URL -- "$@"
}

readonly WEB_TESTS=$ROOT/tests/web

# web_tests ENVIRONMENT... -- NODE-OPTION...: one process of node runs them one after the other.
web_tests() {
	local node environment=()

	while [[ $1 != -- ]]; do
		environment+=("$1")
		shift
	done
	shift
	node=$(find_node) || die "no node of version $NODE_MINIMUM or newer" 'scripts/dev packages'
	npm_prepare "$WEB_TESTS" 'what the web client is tested with'
	npm_prepare "$STACK_DIR" cognito-local
	[[ ${*: -1} == *.mjs ]] || set -- "$@" "$WEB_TESTS/all.mjs"
	env "${environment[@]}" CRUDDUR_WEB_TOOLS="$(npm_home "$WEB_TESTS")" CRUDDUR_COGNITO_HOME="$(cognito_home)" \
		CRUDDUR_BUILD_DIR="$BUILD_DIR" CRUDDUR_TOOLS_DIR="$TOOLS_DIR" "$node" "$@"
}

# node's report (TAP) ends with its counts; one that did not get that far has none, and failed.
run_web_tests() {
	local log=$LOG/web-tests.log passed failed

	web_tests -u BASE_URL -- --test-reporter=tap >"$log" 2>&1 || grep -A 12 '^not ok' "$log" >&2 || true
	passed=$(sed -n 's/^# pass //p' "$log")
	failed=$(awk '/^# (fail|cancelled) /{ sum += $3 } END { print sum + 0 }' "$log")
	if [[ -z $passed ]]; then
		show_tail "$log" 40
		passed=0 failed=1
	fi
	note_result web "$passed" "$failed" "$(awk '/^# (skipped|todo) /{ sum += $3 } END { print sum + 0 }' "$log")"
}
