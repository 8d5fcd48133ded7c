# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the operator's scripts for AWS have in common: the options that all of them take, a call, a call that changes
# something. Whoever sources it has usage() and sets `program`.
# shellcheck disable=SC2034 # taken and table are for the scripts that source this

export LC_ALL=C.UTF-8 AWS_PAGER=

table=${CRUDDUR_MESSAGES_TABLE:-cruddur-messages}
endpoint='' region='' profile=''
prod=no dry_run=no quiet=no
options=()

fail() {
	# shellcheck disable=SC2154 # the script that sources this sets program
	printf '%s: %s\n' "$program" "$1" >&2
	[[ $# -lt 2 ]] || printf '  %s\n' "${@:2}" >&2
	exit 1
}

say() {
	[[ $quiet == yes ]] || printf '%s\n' "$*" >&2
}

# want_value OPTION [VALUE]
want_value() {
	[[ -n ${2:-} ]] || fail "$1 wants a value"
}

# common_option ARGUMENT...: takes one of the common options from the front. `taken` is how many words that was; 0 if
# the first is none of these.
common_option() {
	taken=1
	case $1 in
	--table | --endpoint-url | --region | --profile)
		want_value "$@"
		case $1 in
		--table) table=$2 ;;
		--endpoint-url) endpoint=$2 ;;
		--region) region=$2 ;;
		--profile) profile=$2 ;;
		esac
		taken=2
		;;
	--prod) prod=yes ;;
	--dry-run) dry_run=yes ;;
	-h | --help)
		usage
		exit 0
		;;
	*) taken=0 ;;
	esac
}

# use_options HINT: to be called when all options are read. Nothing goes to the real account unless that was said, and
# with --prod no endpoint that is set anywhere counts (newer versions of the AWS CLI look for some themselves).
use_options() {
	if [[ $prod == yes ]]; then
		endpoint=
		export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true
	fi
	[[ $prod == yes || -n $endpoint ]] || fail 'no endpoint is set, and --prod was not given' "$1"
	[[ $table =~ ^[A-Za-z0-9_.-]{3,255}$ ]] || fail "no name of a table: $table"
	options=()
	[[ -z $endpoint ]] || options+=(--endpoint-url "$endpoint")
	[[ -z $region ]] || options+=(--region "$region")
	[[ -z $profile ]] || options+=(--profile "$profile")
}

# call SERVICE OPERATION ARGUMENT...: one call of the AWS CLI.
call() {
	aws "${options[@]}" --output json "$@"
}

# look ABSENT SERVICE OPERATION ARGUMENT...: prints what a read answers; nothing if it fails with a text that matches
# the regular expression ABSENT, the service's way to say that there is no such thing.
look() {
	local absent=$1 complaint problem=''

	shift
	complaint=$(mktemp)
	if ! call "$@" 2>"$complaint"; then
		problem=$(<"$complaint")
		problem=${problem:-no reason was given}
	fi
	rm -f -- "$complaint"
	[[ -z $problem || $problem =~ $absent ]] ||
		fail "$1 $2: ${problem##$'\n'}" 'is the endpoint right, and do the credentials hold?'
}

# ask SERVICE OPERATION ARGUMENT...: prints what a read answers; it has to.
ask() {
	look '^$' "$@"
}

# change SERVICE OPERATION ARGUMENT...: a call that changes something; in a dry run it is printed, for a shell to read.
change() {
	if [[ $dry_run == yes ]]; then
		print_command aws "${options[@]}" "$@"
	else
		call "$@" >/dev/null
	fi
}

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
