# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the operator's scripts for AWS have in common: where calls go, a call, a call that changes something.
# shellcheck disable=SC2034 # taken is for those that read options

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../lib/common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

# A backend that is away is said to be so after a few seconds.
export AWS_PAGER='' AWS_RETRY_MODE=${AWS_RETRY_MODE:-standard} AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-3}
readonly CONNECT_S=5

endpoint='' endpoint_known=no region='' profile=''
options=()
option_takers+=(aws_option)

aws_option() {
	case $1 in
	--endpoint-url | --region | --profile)
		want_value "$@"
		case $1 in
		--endpoint-url) endpoint=$2 ;;
		--region) region=$2 ;;
		--profile) profile=$2 ;;
		esac
		taken=2
		;;
	esac
}

# use_aws VARIABLE...: to be called when all options are read. The variables are where an endpoint may be. Nothing goes
# to the real account unless that was said, and with --prod no endpoint that is set anywhere counts (newer versions of
# the AWS CLI look for some themselves). What is not the real account has to be on this host.
use_aws() {
	local name

	want_tool aws awscli
	want_tool jq jq
	for name in "$@"; do
		[[ -n $endpoint ]] || endpoint=${!name:-}
		[[ -z ${!name+set} ]] || endpoint_known=yes
	done
	[[ -z $endpoint ]] || endpoint_known=yes
	load_credentials "$@"
	if [[ $prod == yes ]]; then
		endpoint=
		export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true
	else
		for name in "$@"; do
			[[ -n $endpoint ]] || endpoint=${!name:-}
		done
		[[ -n $endpoint ]] || fail 'no endpoint is set, and --prod was not given' \
			"the working copy's: scripts/dev up, or eval \"\$(scripts/dev env)\"; the real account: --prod"
		want_local_endpoint
	fi
	options=()
	[[ -z $endpoint ]] || options+=(--endpoint-url "$endpoint")
	[[ -z $region ]] || options+=(--region "$region")
	[[ -z $profile ]] || options+=(--profile "$profile")
	# Not every version of the AWS CLI reads AWS_REGION.
	[[ -z ${AWS_REGION:-} ]] || export AWS_DEFAULT_REGION=$AWS_REGION
}

# aws_settings NAME...: as load_settings. Who names an endpoint means no other stack's settings.
aws_settings() {
	[[ $prod == no && $endpoint_known == yes && -z $env_file ]] || load_settings "$@"
}

# load_credentials VARIABLE...: and the region and the endpoint. A pair of credentials comes from one place, whole.
load_credentials() {
	local names=()

	[[ -n ${AWS_REGION:-}${AWS_DEFAULT_REGION:-} ]] || names+=(AWS_REGION)
	if [[ -z ${AWS_ACCESS_KEY_ID:-}${AWS_SECRET_ACCESS_KEY:-}${AWS_SESSION_TOKEN:-}${AWS_PROFILE:-}$profile ]]; then
		names+=(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE)
	fi
	[[ $prod == yes || $endpoint_known == yes ]] || names+=("$@")
	aws_settings "${names[@]}"
}

want_local_endpoint() {
	local host

	host=${endpoint#*://}
	host=${host%%/*}
	[[ ! $host =~ ^(.*):[0-9]+$ ]] || host=${BASH_REMATCH[1]}
	if [[ ! $endpoint =~ ^https?:// ]] || ! is_loopback "$host"; then
		fail "the endpoint is not on this host: $endpoint" 'the real account: --prod'
	fi
	if [[ -z ${AWS_ACCESS_KEY_ID:-}${AWS_PROFILE:-}$profile ]]; then
		export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
	fi
	[[ -n ${AWS_REGION:-}${AWS_DEFAULT_REGION:-}$region ]] || export AWS_DEFAULT_REGION=us-east-1
}

# where: how to call the target of these calls in a sentence.
where() {
	if [[ $prod == yes ]]; then
		printf 'the real account%s\n' "${region:+, $region}"
	else
		printf '%s\n' "$endpoint"
	fi
}

# call SERVICE OPERATION ARGUMENT...: one call of the AWS CLI.
call() {
	aws "${options[@]}" --output json --cli-connect-timeout "$CONNECT_S" "$@"
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
