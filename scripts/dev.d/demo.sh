# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The end of `up`: two people sign in and talk, through nginx and the workers, with nothing but curl.

readonly DEMO_SENDER=andrewbrown
readonly DEMO_READER=testuser

# api TOKEN ARGUMENT...: one call; prints the body, dies of anything but 200.
api() {
	local token=$1 answer status path=$2

	shift 2
	answer=$(curl -sS -m 10 -w '\n%{http_code}' -H "Authorization: Bearer $token" "$@" "$BASE_URL$path") || true
	status=${answer##*$'\n'}
	if [[ $status != 200 ]]; then
		show_tail "$LOG/workers.log" 10
		die "$path answered ${status:-nothing} ${answer%$'\n'*}" "look at $LOG/workers.log and $LOG/access.log"
	fi
	printf '%s\n' "${answer%$'\n'*}"
}

demo() {
	local sender reader group sent

	sender=$(cognito_token "$DEMO_SENDER")
	reader=$(cognito_token "$DEMO_READER")
	group=$(api "$sender" /api/message_groups |
		jq -r --arg handle "$DEMO_READER" 'first(.[] | select(.handle == $handle) | .uuid) // empty')
	[[ -n $group ]] || die "$DEMO_SENDER has no conversation with $DEMO_READER" 'scripts/dev down --purge, then up'
	sent=$(jq -n --arg group "$group" --arg text "The stack is up, it is $(date +%H:%M:%S) here." \
		'{message: $text, message_group_uuid: $group}' |
		api "$sender" /api/messages -H 'Content-Type: application/json' --data-binary @-)
	say "$DEMO_SENDER sent a message; $DEMO_READER reads:"
	say
	api "$reader" "/api/messages/$group?limit=6" | jq -r --argjson sent "$sent" \
		'if any(.[]; .uuid == $sent.uuid) then .[] else error("the message is not there") end
		| "  \(.created_at[0:16] | sub("T"; " "))  \(.display_name): \(.message)"' >&2 ||
		die "$DEMO_READER does not see what $DEMO_SENDER sent" "look at $LOG/workers.log"
	say
}
