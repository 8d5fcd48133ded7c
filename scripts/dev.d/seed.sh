# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Joins what the backends were loaded with: each seed user's row in Postgres gets the id of that user's
# Cognito account, and two of them get a conversation. Safe to repeat.

seed_everything() {
	seed_cognito_ids
	seed_conversation
}

# Handles and subs are ours and Cognito's, yet they are bound like any other value.
seed_cognito_ids() {
	local -a users
	local line

	mapfile -t users < <(cognito_users)
	for line in "${users[@]}"; do
		if [[ " $DEV_USERS " == *" ${line%% *} "* ]]; then
			printf "\\\\set handle '%s'\n\\\\set sub '%s'\n" "${line%% *}" "${line#* }"
			printf '%s\n' "UPDATE public.users SET cognito_user_id = :'sub'" \
				"WHERE handle = :'handle' AND cognito_user_id IS DISTINCT FROM :'sub';"
		fi
	done | sql_as cruddur cruddur
}

seed_conversation() {
	local rows

	rows=$(sql_as cruddur cruddur -c "SELECT json_agg(json_build_object('uuid', uuid, 'handle', handle,
		'display_name', display_name)) FROM public.users WHERE handle IN ('andrewbrown', 'testuser')" </dev/null)
	local_aws "$ROOT/scripts/ddb/seed" --quiet --table "$TABLE" --users "$rows"
}
