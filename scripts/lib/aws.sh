# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the operator's scripts for AWS have in common: where calls go, a call, a call that changes something.
# shellcheck disable=SC2034 # some of the names are for the scripts that source this

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
	local name endpoint_origin=--endpoint-url

	want_tool aws awscli
	want_tool jq jq
	[[ -z $endpoint ]] || endpoint_known=yes
	for name in "$@"; do
		[[ -z ${!name+set} ]] || endpoint_known=yes
	done
	aws_settings "$@"
	for name in "$@"; do
		if [[ -z $endpoint && -n ${!name:-} ]]; then
			endpoint=${!name} endpoint_origin=$(origin "$name")
		fi
	done
	load_credentials
	if [[ $prod == yes ]]; then
		find_region
		refuse_local_region "$@"
		endpoint=
		export AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true
		say "on $(where) ($region_origin; credentials: $(credentials_origin))"
	else
		[[ -n $endpoint ]] || fail 'no endpoint is set, and --prod was not given' \
			"the working copy's: scripts/dev up, or eval \"\$(scripts/dev env)\"; the real account: --prod"
		want_local_endpoint
		say "on $endpoint ($endpoint_origin)"
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

# A pair of credentials comes from one place, whole; so does the region.
load_credentials() {
	if [[ -n $env_file || -z ${AWS_REGION:-}${AWS_DEFAULT_REGION:-} ]]; then
		aws_settings AWS_REGION AWS_DEFAULT_REGION
	fi
	if [[ -z $profile && (-n $env_file ||
		-z ${AWS_ACCESS_KEY_ID:-}${AWS_SECRET_ACCESS_KEY:-}${AWS_SESSION_TOKEN:-}${AWS_PROFILE:-}) ]]; then
		aws_settings AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE
	fi
}

credentials_origin() {
	if [[ -n $profile ]]; then
		printf '%s\n' '--profile'
	elif [[ -n ${AWS_ACCESS_KEY_ID:-} ]]; then
		origin AWS_ACCESS_KEY_ID
	elif [[ -n ${AWS_PROFILE:-} ]]; then
		origin AWS_PROFILE
	else
		printf 'those that the AWS CLI finds\n'
	fi
}

# find_region: sets `region`, the one that calls go to, and `region_origin`.
find_region() {
	region_origin=--region region_variable=
	if [[ -z $region ]]; then
		region_variable=AWS_REGION
		[[ -n ${AWS_REGION:-} ]] || region_variable=AWS_DEFAULT_REGION
		region=${!region_variable:-} region_origin=$(origin "$region_variable")
	fi
	if [[ -z $region ]]; then
		region=$(aws ${profile:+--profile "$profile"} configure get region || true)
		region_origin="the AWS CLI's configuration" region_variable=
	fi
	[[ $region =~ ^[a-z0-9-]+$ ]] || fail 'no region is set' '--region, or AWS_REGION'
}

# refuse_local_region VARIABLE...: a region that was set together with a local endpoint is that one's, and any name
# would do there.
refuse_local_region() {
	local name

	[[ -n $region_variable ]] || return 0
	for name in "$@" "${!AWS_ENDPOINT_URL@}"; do
		if is_local_endpoint "${!name:-}" && [[ ${origins[$name]:-} == "${origins[$region_variable]:-}" ]]; then
			fail "is $region the region that is meant? $region_origin stands beside a local endpoint, ${!name}" \
				"--region $region, or another"
		fi
	done
}

is_local_endpoint() {
	local host

	host=${1#*://}
	host=${host%%/*}
	[[ ! $host =~ ^(.*):[0-9]+$ ]] || host=${BASH_REMATCH[1]}
	[[ $1 =~ ^https?:// ]] && is_loopback "$host"
}

want_local_endpoint() {
	is_local_endpoint "$endpoint" || fail "the endpoint is not on this host: $endpoint" 'the real account: --prod'
	if [[ -z ${AWS_ACCESS_KEY_ID:-}${AWS_PROFILE:-}$profile ]]; then
		export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_EC2_METADATA_DISABLED=true
	fi
	[[ -n ${AWS_REGION:-}${AWS_DEFAULT_REGION:-}$region ]] || export AWS_DEFAULT_REGION=us-east-1
}

# where: how to call the target of these calls in a sentence.
where() {
	if [[ $prod == yes ]]; then
		printf 'the real account, %s\n' "$region"
	else
		printf '%s\n' "$endpoint"
	fi
}

# find_account: sets `account`, `partition` and `caller`, as the account itself has them; fails if it does not answer.
find_account() {
	local identity

	identity=$(call sts get-caller-identity 2>/dev/null) || return 1
	account=$(jq -r .Account <<<"$identity")
	caller=$(jq -r .Arn <<<"$identity")
	partition=$(jq -r '.Arn | split(":")[1]' <<<"$identity")
}

# want_account: as find_account; ends the script with the reason if it does not answer. What it says the second time counts.
want_account() {
	find_account || {
		ask sts get-caller-identity >/dev/null
		find_account
	} || fail 'the account does not answer'
}

# confirm_there NAME WHAT: as confirm; the place is put after WHAT, and with --prod it is the account's own word.
confirm_there() {
	local there

	[[ $assumed_yes == no && $dry_run == no ]] || return 0
	there=$(where)
	if [[ $prod == yes ]]; then
		want_account
		there="account $account, $region, as $caller"
	fi
	confirm "$1" "$2 $there."
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

# Filters of jq for what strangers wrote: no character of it steers a terminal, or swaps what is read.
readonly PLAIN='
	def hex4: [. / 4096, . / 256, . / 16, .] | map(floor % 16 | if . < 10 then 48 + . else 87 + . end) | implode;
	def plain: explode | map(if . != 9 and (. < 32 or . >= 127 and . < 160 or . >= 8232 and . <= 8238 or . >= 8294 and . <= 8297)
		then "\\u" + hex4 | explode[] else . end) | implode;
	def row: @tsv | plain;
	def line: tojson | plain;
'
