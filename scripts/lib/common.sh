# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What all of the operator's scripts have in common: options, settings, a question before something is destroyed.
# Whoever sources it has usage(), may have own_option(), and sets words_max if it takes words that are no options.
# shellcheck disable=SC2034 # words, assumed_yes and the like are for the scripts that source this

# Several of the files beside this one may want it.
! declare -F take_options >/dev/null || return 0

export LC_ALL=C.UTF-8
# A failure within $( ) is a failure, too.
shopt -s inherit_errexit

SCRIPTS=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
readonly SCRIPTS
# The same in the source tree and where it is installed.
readonly SQL=${SCRIPTS%/*}/sql
readonly INSTALLED_SETTINGS=/etc/cruddur/cruddur.env

program=${0##*/}
prod=no dry_run=no quiet=no assumed_yes=no env_file=
words=() words_max=0
# Where settings that did not come from the environment came from.
declare -A origins=()
# Functions that may know an option, asked one after the other.
option_takers=(common_option own_option)

fail() {
	printf '%s: %s\n' "$program" "$1" >&2
	[[ $# -lt 2 ]] || printf '  %s\n' "${@:2}" >&2
	exit 1
}

say() {
	[[ $quiet == yes ]] || printf '%s\n' "$*" >&2
}

# want_tool NAME PACKAGE
want_tool() {
	command -v "$1" >/dev/null || fail "$1 is not installed" "apt-get install $2"
}

# want_value OPTION [VALUE]
want_value() {
	[[ -n ${2:-} ]] || fail "$1 wants a value"
}

# take_value OPTION VARIABLE ARGUMENT...: takes OPTION and its value from the front of the arguments, if it is there.
take_value() {
	[[ $3 == "$1" ]] || return 0
	want_value "${@:3}"
	printf -v "$2" '%s' "$4"
	taken=2
}

# want_number OPTION VALUE MAXIMUM: a number from 1 on.
want_number() {
	if [[ ! $2 =~ ^[1-9][0-9]{0,8}$ ]] || (($2 > $3)); then
		fail "$1 wants a number from 1 to $3, not $2"
	fi
}

own_option() {
	:
}

# common_option ARGUMENT...: takes one of the common options from the front. `taken` is how many words that was; it
# stays 0 if the first is none of these. The other takers do the same.
common_option() {
	taken=1
	case $1 in
	--prod) prod=yes ;;
	--dry-run) dry_run=yes ;;
	--yes) assumed_yes=yes ;;
	--quiet) quiet=yes ;;
	--env-file)
		want_value "$@"
		env_file=$2 taken=2
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) taken=0 ;;
	esac
}

# take_options ARGUMENT...: the whole command line; what is no option is in `words`.
take_options() {
	local taker

	while [[ $# -gt 0 ]]; do
		taken=0
		for taker in "${option_takers[@]}"; do
			((taken > 0)) || "$taker" "$@"
		done
		if ((taken == 0)); then
			[[ $1 != -* ]] || fail "no such option: $1" "$program --help"
			((${#words[@]} < words_max)) || fail "one word too many: $1" "$program --help"
			words+=("$1")
			taken=1
		fi
		shift "$taken"
	done
}

# load_settings NAME...: settings that belong together, from a file. --env-file names one that goes before the environment:
# if it has any of them, no other of them counts. Without, what the environment lacks is looked for: with --prod in the
# installed file, else in the working copy's stack, if this is a working copy that has one.
load_settings() {
	local name missing=no
	# Of this call, whatever a caller has under that name: as an array by numbers it would evaluate what it is given.
	local -A found=()

	if [[ -n $env_file ]]; then
		[[ -f $env_file && -r $env_file ]] || fail "cannot read $env_file"
		# shellcheck disable=SC2094 # the name is for messages
		read_settings "$env_file" "$@" <"$env_file"
		((${#found[@]} == 0)) || unset "$@"
		keep_found "$env_file"
		return 0
	fi
	for name; do
		[[ -n ${!name+set} ]] || missing=yes
	done
	[[ $missing == yes ]] || return 0
	if [[ $prod == yes ]]; then
		[[ -r $INSTALLED_SETTINGS ]] || return 0
		# shellcheck disable=SC2094 # the name is for messages
		read_settings "$INSTALLED_SETTINGS" "$@" <"$INSTALLED_SETTINGS"
		keep_found "$INSTALLED_SETTINGS"
	elif [[ -x $SCRIPTS/dev ]]; then
		# A quote within quotes is written in another way for a shell.
		read_settings 'scripts/dev env' "$@" \
			< <("$SCRIPTS/dev" env 2>/dev/null | sed -e 's/^export //' -e "s/'\\\\''/'\"'\"'/g")
		keep_found 'scripts/dev env'
	fi
}

# keep_found WHERE: exports what was found and is not in the environment.
keep_found() {
	local name

	for name in "${!found[@]}"; do
		if [[ -z ${!name+set} ]]; then
			export "$name=${found[$name]}"
			origins[$name]=$1
		fi
	done
}

# origin NAME: where a setting has its value from, in words.
origin() {
	printf '%s of %s\n' "$1" "${origins[$1]:-the environment}"
}

# say_unset NAME: ends a script that cannot do without a setting.
say_unset() {
	local hint="the working copy's: scripts/dev up, or eval \"\$(scripts/dev env)\"; the real one: --prod"

	if [[ $prod == yes ]]; then
		hint="it is neither in the environment nor in ${env_file:-$INSTALLED_SETTINGS}"
		[[ -n $env_file || ! -e $INSTALLED_SETTINGS || -r $INSTALLED_SETTINGS ]] ||
			hint="$INSTALLED_SETTINGS is not for you to read: root is, and the group cruddur"
	fi
	fail "$1 is not set" "$hint"
}

# read_settings WHERE NAME...: sets `found`, those of the settings that are on stdin, as systemd's EnvironmentFile= has them
# (parse_env_file_internal, version 252). The text is never given to a shell. The last line of a name counts. A quote that
# is never closed is an error here; systemd takes all up to the end of the file.
read_settings() {
	local where=$1 LC_ALL=C line number=0 began=0 index
	local state=start name='' value='' solid=0 wanted

	shift
	found=() wanted=" $* "
	while IFS= read -r line || [[ -n $line ]]; do
		number=$((number + 1))
		if is_comment "$line"; then
			# What ends in a backslash goes on in the next line.
			[[ $line =~ \\*$ ]]
			state=start
			((${#BASH_REMATCH[0]} % 2 == 0)) || state=comment
			continue
		fi
		line+=$'\n'
		for ((index = 0; index < ${#line}; index++)); do
			"in_$state" "${line:index:1}"
		done
	done
	case $state in
	single | double*) fail "$where, line $began: the quotes of $name do not end" ;;
	before | value*) keep_value ;;
	esac
}

# is_comment LINE: all of it.
is_comment() {
	[[ $1 != *$'\r'* ]] && [[ $state == comment || $state == start && ${1#"${1%%[! $'\t']*}"} == [#\;]* ]]
}

# keep_value: the one that has just ended, if it is wanted.
keep_value() {
	local blank=$' \t\r\n'

	[[ $state != value ]] || value=${value:0:solid}
	name=${name%"${name##*[!"$blank"]}"}
	[[ $wanted != *" $name "* ]] || found[$name]=$value
	state=start value='' solid=0
}

# in_STATE CHARACTER: the steps of systemd's reader.
in_start() {
	case $1 in
	[#\;]) state=comment ;;
	[$' \t\r\n']) ;;
	*) state=key name=$1 ;;
	esac
}

in_key() {
	case $1 in
	[$'\r\n']) state=start ;;
	=) state=before began=$number ;;
	*) name+=$1 ;;
	esac
}

# Before a value, or after its closing quote.
in_before() {
	case $1 in
	[$'\r\n']) keep_value ;;
	\') state=single ;;
	\") state=double ;;
	\\) state=value_escape ;;
	[$' \t']) ;;
	*) state=value value+=$1 solid=${#value} ;;
	esac
}

in_value() {
	case $1 in
	[$'\r\n']) keep_value ;;
	\\) state=value_escape ;;
	[$' \t']) value+=$1 ;;
	*) value+=$1 solid=${#value} ;;
	esac
}

in_value_escape() {
	state=value
	[[ $1 == [$'\r\n'] ]] || value+=$1
	solid=${#value}
}

in_single() {
	if [[ $1 == \' ]]; then
		state=before
	else
		value+=$1
	fi
}

in_double() {
	case $1 in
	\") state=before ;;
	\\) state=double_escape ;;
	*) value+=$1 ;;
	esac
}

in_double_escape() {
	state=double
	case $1 in
	[\"\\\`\$]) value+=$1 ;;
	$'\n') ;;
	*) value+=\\$1 ;;
	esac
}

in_comment() {
	case $1 in
	[$'\r\n']) state=start ;;
	\\) state=comment_escape ;;
	esac
}

in_comment_escape() {
	state=comment
}

# confirm NAME WHAT: goes on only if the name is typed back, from wherever the input is.
confirm() {
	local answer=

	[[ $assumed_yes == no && $dry_run == no ]] || return 0
	printf '%s\n' "$2" >&2
	printf 'Type %s to go on: ' "$1" >&2
	IFS= read -r answer || printf '\n' >&2
	[[ $answer == "$1" ]] || fail 'not confirmed: nothing was changed' '--yes goes without a question'
}

# print_command WORD...: for a shell to read.
print_command() {
	local word line=''

	for word; do
		if [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]]; then
			line+=" $word"
		else
			line+=" ${word@Q}"
		fi
	done
	printf '%s\n' "${line:1}"
}

is_loopback() {
	[[ $1 =~ ^(localhost|127(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}|\[?::1\]?)$ ]]
}
