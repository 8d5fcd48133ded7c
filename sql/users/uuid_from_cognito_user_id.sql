-- SPDX-License-Identifier: MIT
-- The user whose Cognito account (the claim "sub" of a token) this is.
-- parameters: cognito_user_id
-- reads only
SELECT uuid, display_name, handle
FROM public.users
WHERE cognito_user_id = $1
