# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The messages table as the scripts for it see it: its name, its description, its stream, a page of its rows.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../lib/aws.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/aws.sh"

table=
option_takers+=(table_option)

table_option() {
	take_value --table table "$@"
}

# use_table: to be called when all options are read.
use_table() {
	use_aws AWS_ENDPOINT_URL_DYNAMODB AWS_ENDPOINT_URL
	settle_table
}

settle_table() {
	if [[ -z $table ]]; then
		aws_settings CRUDDUR_MESSAGES_TABLE
		table=${CRUDDUR_MESSAGES_TABLE:-cruddur-messages}
	fi
	[[ $table =~ ^[A-Za-z0-9_.-]{3,255}$ ]] || fail "no name of a table: $table"
}

# describe: prints the table's description, nothing if there is no table.
describe() {
	look ResourceNotFoundException dynamodb describe-table --table-name "$table" | jq .Table
}

# wait_until_gone SECONDS: for a table that is being removed.
wait_until_gone() {
	local description end=$((SECONDS + $1))

	description=$(describe)
	while [[ -n $description ]]; do
		((SECONDS < end)) || fail "table $table is still there after $1 s"
		sleep 1
		description=$(describe)
	done
}

is_leaving() {
	[[ $(jq -r .TableStatus <<<"$1") == DELETING ]]
}

want_table() {
	[[ -n $1 ]] || fail "there is no table $table at $(where)" 'scripts/ddb/schema-load makes it'
}

# check_stream DESCRIPTION: switches the stream on if it is off.
check_stream() {
	local view

	view=$(jq -r 'if .StreamSpecification.StreamEnabled then .StreamSpecification.StreamViewType else "off" end' <<<"$1")
	case $view in
	NEW_IMAGE | NEW_AND_OLD_IMAGES) ;;
	off)
		say "switching on the stream of $table"
		change dynamodb update-table --table-name "$table" \
			--stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE
		;;
	*) fail "the stream of $table does not carry the new image" 'switch it off, then repeat this' ;;
	esac
}

# read_rows OPERATION ARGUMENT...: one page of a query or a scan, and what it cost.
read_rows() {
	local answer

	answer=$(look ResourceNotFoundException dynamodb "$1" --no-paginate --table-name "$table" \
		--return-consumed-capacity TOTAL "${@:2}") || exit 1
	want_table "$answer"
	printf '%s\n' "$answer"
}

# cost ANSWER: the capacity units that a page took; DynamoDB Local counts none for some.
cost() {
	jq '.ConsumedCapacity.CapacityUnits // 0' <<<"$1"
}
