-- SPDX-License-Identifier: MIT
-- The tables in Postgres, for an empty database or one that has them already: users, and nothing of messages,
-- which are in DynamoDB.

CREATE TABLE IF NOT EXISTS public.users (
	uuid uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	display_name text NOT NULL,
	-- What people call each other by in the API. Unique, and the index that look-ups by handle use.
	handle text NOT NULL CONSTRAINT users_handle_key UNIQUE,
	email text,
	-- The sub of the Cognito account. NULL until the two are joined: any number of rows may wait, and no two
	-- rows may ever claim one account.
	cognito_user_id text CONSTRAINT users_cognito_user_id_key UNIQUE,
	created_at timestamptz NOT NULL DEFAULT now()
);
