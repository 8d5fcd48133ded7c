# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A local Cognito user pool: the npm package cognito-local, with a pool, an app client and the seed users,
# made through its API. Sign-in is by handle and password. It sends no mail: its messages go to its log.

readonly STACK_DIR=$ROOT/tests/stack

cognito_home() {
	npm_home "$STACK_DIR"
}

cognito_prepare() {
	mkdir -p -- "$VAR/cognito/.cognito"
	# Its default would make e-mail addresses of user names.
	[[ -s $VAR/cognito/.cognito/config.json ]] ||
		printf '{"UserPoolDefaults":{"UsernameAttributes":[]}}\n' >"$VAR/cognito/.cognito/config.json"
	npm_prepare "$STACK_DIR" cognito-local
}

cognito_start() {
	local node

	node=$(find_node) || die "no node of version $NODE_MINIMUM or newer" 'scripts/dev packages'
	daemon_start cognito "$VAR/cognito" env -i PATH="$PATH" HOME="$VAR/cognito" HOST=127.0.0.1 \
		PORT="$COGNITO_PORT" AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE=1 \
		"$node" "$(cognito_home)/node_modules/cognito-local/lib/bin/start.js"
}

cognito_ready() {
	[[ $(curl -s -m 2 "$COGNITO_URL/health") == '{"ok":true}' ]]
}

# cognito_call ACTION: a JSON request on stdin, a JSON answer on stdout.
cognito_call() {
	curl -sS -m 10 --fail-with-body -H "X-Amz-Target: AWSCognitoIdentityProviderService.$1" \
		-H 'Content-Type: application/x-amz-json-1.1' --data-binary @- "$COGNITO_URL/"
}

# cognito_do ACTION: the same, for those that must not fail.
cognito_do() {
	local answer

	answer=$(cognito_call "$1") ||
		die "cognito-local refused $1: $answer" "look at $LOG/cognito.log; scripts/dev down --purge starts afresh"
	printf '%s\n' "$answer"
}

# cognito_id pool|client
cognito_id() {
	cat -- "$VAR/cognito/$1" 2>/dev/null || true
}

cognito_settle() {
	local pool client users handle

	only_on_loopback "$COGNITO_PORT" || die 'cognito-local listens beyond 127.0.0.1' "look at $LOG/cognito.log"
	pool=$(cognito_do ListUserPools <<<'{"MaxResults":60}' |
		jq -r 'first(.UserPools[]? | select(.Name == "cruddur") | .Id) // empty')
	if [[ -z $pool ]]; then
		pool=$(cognito_do CreateUserPool <<<'{"PoolName":"cruddur","MfaConfiguration":"OFF"}' | jq -r .UserPool.Id)
	fi
	client=$(jq -n --arg pool "$pool" '{UserPoolId: $pool, MaxResults: 60}' | cognito_do ListUserPoolClients |
		jq -r 'first(.UserPoolClients[]? | select(.ClientName == "cruddur") | .ClientId) // empty')
	if [[ -z $client ]]; then
		client=$(jq -n --arg pool "$pool" '{UserPoolId: $pool, ClientName: "cruddur",
			ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}' |
			cognito_do CreateUserPoolClient | jq -r .UserPoolClient.ClientId)
	fi
	printf '%s\n' "$pool" >"$VAR/cognito/pool"
	printf '%s\n' "$client" >"$VAR/cognito/client"
	users=$(cognito_users)
	for handle in $DEV_USERS; do
		[[ $'\n'$users == *$'\n'"$handle "* ]] || cognito_add_user "$handle"
	done
}

# cognito_users: one `handle sub` a line.
cognito_users() {
	jq -n --arg pool "$(cognito_id pool)" '{UserPoolId: $pool}' | cognito_do ListUsers |
		jq -r '.Users[]? | .Username + " " + (.Attributes[] | select(.Name == "sub") | .Value)'
}

cognito_add_user() {
	jq -n --arg pool "$(cognito_id pool)" --arg handle "$1" '{UserPoolId: $pool, Username: $handle,
		MessageAction: "SUPPRESS", UserAttributes: [{Name: "email", Value: ($handle + "@example.com")},
		{Name: "email_verified", Value: "true"}, {Name: "preferred_username", Value: $handle}]}' |
		cognito_do AdminCreateUser >/dev/null
	jq -n --arg pool "$(cognito_id pool)" --arg handle "$1" --arg password "$DEV_PASSWORD" \
		'{UserPoolId: $pool, Username: $handle, Password: $password, Permanent: true}' |
		cognito_do AdminSetUserPassword >/dev/null
}

# cognito_token HANDLE: signs in and prints the access token.
cognito_token() {
	local answer

	if ! answer=$(jq -n --arg client "$(cognito_id client)" --arg handle "$1" --arg password "$DEV_PASSWORD" \
		'{AuthFlow: "USER_PASSWORD_AUTH", ClientId: $client,
		AuthParameters: {USERNAME: $handle, PASSWORD: $password}}' | cognito_call InitiateAuth 2>/dev/null); then
		[[ -n $answer ]] || die "cognito-local does not answer at $COGNITO_URL" 'scripts/dev up'
		die "$1 cannot sign in: $(jq -r '.message // "refused"' <<<"$answer" 2>/dev/null)" "the seed users: $DEV_USERS"
	fi
	jq -er .AuthenticationResult.AccessToken <<<"$answer"
}

cognito_stamp() {
	printf '%s\n' "$COGNITO_PORT" "$(cognito_home)" "$(find_node)"
}
