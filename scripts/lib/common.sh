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

# load_settings NAME...: those of the settings that the environment lacks. With --prod they are in the installed file;
# without, in the working copy's stack, if this is a working copy that has one. --env-file names another file.
load_settings() {
	local file=$env_file name missing=no

	for name; do
		[[ -n ${!name+set} ]] || missing=yes
	done
	[[ $missing == yes ]] || return 0
	if [[ -n $file ]]; then
		[[ -f $file && -r $file ]] || fail "cannot read $file"
	elif [[ $prod == yes ]]; then
		[[ -r $INSTALLED_SETTINGS ]] || return 0
		file=$INSTALLED_SETTINGS
	elif [[ -x $SCRIPTS/dev ]]; then
		read_settings 'scripts/dev env' "$@" < <("$SCRIPTS/dev" env 2>/dev/null | sed 's/^export //')
		return 0
	else
		return 0
	fi
	# shellcheck disable=SC2094 # the name is for messages
	read_settings "$file" "$@" <"$file"
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

# read_settings WHERE NAME...: NAME=value lines as systemd's EnvironmentFile= has them, on stdin. The text is never given
# to a shell. The last line of a name counts, unless the environment has it.
read_settings() {
	local where=$1 line number=0 name
	local -A found=()

	shift
	while IFS= read -r line || [[ -n $line ]]; do
		number=$((number + 1))
		line=${line#"${line%%[![:space:]]*}"}
		name=${line%%=*}
		name=${name%"${name##*[![:space:]]}"}
		[[ $line == *=* && $line != [#\;]* && " $* " == *" $name "* ]] || continue
		unquote "${line#*=}" || fail "$where, line $number: the quotes of $name do not end in this line"
		found[$name]=$unquoted
	done
	for name in "${!found[@]}"; do
		[[ -n ${!name+set} ]] || export "$name=${found[$name]}"
	done
}

# unquote TEXT: sets `unquoted`. A backslash keeps the next character; within double quotes only one that is special there.
unquote() {
	local text=$1 char quote='' index

	text=${text#"${text%%[![:space:]]*}"}
	text=${text%"${text##*[![:space:]]}"}
	unquoted=
	for ((index = 0; index < ${#text}; index++)); do
		char=${text:index:1}
		if [[ $char == "$quote" ]]; then
			quote=
		elif [[ -z $quote && $char == [\"\'] ]]; then
			quote=$char
		elif [[ $char == \\ && $quote != \' ]]; then
			((index + 1 < ${#text})) || return 1
			[[ -z $quote || ${text:index+1:1} == [\"\\\`\$] ]] || unquoted+=$char
			index=$((index + 1))
			unquoted+=${text:index:1}
		else
			unquoted+=$char
		fi
	done
	[[ -z $quote ]]
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
