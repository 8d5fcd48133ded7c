# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Everything that `scripts/dev test` runs, in the order in which it does, and the tests of the web client alone.

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

# What runs beside the rest, as it takes as long: those of the stream consumer, of what is live, and of what operators run.
readonly CONSUMER_TESTS='/test_(stream(_(healing|kill|outages|program|races|shards))?|streams_stub|table_check|lambda)\.py$'
readonly TOOL_TESTS='/test_(ops|aws|schema_load|working_copy|check|metrics|log_lines)[a-z_]*\.py$'
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
	# All of them may have two CPUs.
	export CRUDDUR_TEST_PATIENCE=${CRUDDUR_TEST_PATIENCE:-4}
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
	cat -- "$LOG"/system-{consumer,tools,live}.log >&2
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
		is a folder for pictures of the pages; CRUDDUR_WEB_DELAY_MS lets each call of a page wait up to so long, which
		shows what relies on quick answers (with CRUDDUR_TEST_TIME_FACTOR=2 or more).
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

	web_tests -u BASE_URL -- --test-reporter=tap >"$log" 2>&1 || grep -A 60 '^not ok' "$log" >&2 || true
	passed=$(sed -n 's/^# pass //p' "$log")
	failed=$(awk '/^# (fail|cancelled) /{ sum += $3 } END { print sum + 0 }' "$log")
	if [[ -z $passed ]]; then
		show_tail "$log" 40
		passed=0 failed=1
	fi
	note_result web "$passed" "$failed" "$(awk '/^# (skipped|todo) /{ sum += $3 } END { print sum + 0 }' "$log")"
}
