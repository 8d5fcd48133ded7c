# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The people of the user pool, page by page.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../lib/aws.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/aws.sh"

# The most that ListUsers gives at once.
readonly POOL_PAGE=60

pool=
option_takers+=(pool_option)

pool_option() {
	take_value --pool pool "$@"
}

# use_pool: to be called when all options are read.
use_pool() {
	use_aws AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER
	if [[ -z $pool ]]; then
		aws_settings AWS_COGNITO_USER_POOL_ID
		pool=${AWS_COGNITO_USER_POOL_ID:-}
	fi
	[[ -n $pool ]] || say_unset AWS_COGNITO_USER_POOL_ID
	[[ $pool =~ ^[A-Za-z0-9_-]+$ ]] || fail "no id of a user pool: $pool"
}

# want_pool: whether the pool can be read, for who does something else first.
want_pool() {
	ask cognito-idp list-users --no-paginate --user-pool-id "$pool" --limit 1 >/dev/null
}

# pool_users: one JSON object a line: username, handle (what the person calls himself, null if he did not say), sub,
# email, verified (whether that is known to be his), status, enabled.
pool_users() {
	local answer token=''

	while true; do
		answer=$(ask cognito-idp list-users --no-paginate --user-pool-id "$pool" --limit "$POOL_PAGE" \
			${token:+--pagination-token "$token"})
		jq -c '.Users[]? | (.Attributes // [] | map({(.Name): .Value}) | add // {}) as $a | {username: .Username,
			handle: $a.preferred_username, sub: $a.sub, email: $a.email,
			verified: ($a.email_verified == "true"), status: .UserStatus, enabled: .Enabled}' \
			<<<"$answer"
		token=$(jq -r '.PaginationToken // empty' <<<"$answer")
		[[ -n $token ]] || break
	done
}
