# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The subcommands for people who change the code: build and lint; test is in test.sh.

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
