-- SPDX-License-Identifier: MIT
-- Before 0001 in a database that has a table of users and no record: gives that table the columns and constraints of
-- sql/schema.sql if it is the former project's, and leaves one alone that has them. Rows and further columns stay.
-- What takes long is done under locks that let others read; the one that does not comes last.

DO $$
DECLARE
	missing text;
	doubled text;
	text_type CONSTANT oid[] := ARRAY['text'::regtype, 'varchar'::regtype];
BEGIN
	SELECT string_agg(wanted.name, ', ') INTO missing
	FROM (VALUES ('uuid', ARRAY['uuid'::regtype::oid]), ('display_name', text_type), ('handle', text_type),
		('email', text_type), ('cognito_user_id', text_type),
		('created_at', ARRAY['timestamp'::regtype, 'timestamptz'::regtype]::oid[])) AS wanted (name, types)
	WHERE NOT EXISTS (
		SELECT FROM pg_catalog.pg_attribute
		WHERE attrelid = 'public.users'::regclass AND attname = wanted.name AND NOT attisdropped
			AND atttypid = ANY (wanted.types)
	);
	IF missing IS NOT NULL THEN
		RAISE 'public.users cannot be adopted: not there, or of another type: %', missing;
	END IF;
	IF NOT EXISTS (
		SELECT FROM pg_catalog.pg_constraint
		WHERE conrelid = 'public.users'::regclass AND contype = 'p'
			AND pg_catalog.pg_get_constraintdef(oid) = 'PRIMARY KEY (uuid)'
	) THEN
		RAISE 'public.users cannot be adopted: its primary key is not uuid';
	END IF;
	IF (
		SELECT count(*) FROM pg_catalog.pg_constraint
		WHERE conrelid = 'public.users'::regclass AND contype = 'u'
			AND conname IN ('users_handle_key', 'users_cognito_user_id_key')
	) = 2 AND NOT EXISTS (
		SELECT FROM pg_catalog.pg_attribute
		WHERE attrelid = 'public.users'::regclass AND (attname IN ('email', 'cognito_user_id') AND attnotnull
			OR attname = 'created_at' AND atttypid <> 'timestamptz'::regtype)
	) THEN
		RETURN;
	END IF;

	SELECT string_agg(handle, ', ') INTO doubled
	FROM (SELECT handle FROM public.users GROUP BY handle HAVING count(*) > 1 ORDER BY handle LIMIT 10) AS handles;
	IF doubled IS NOT NULL THEN
		RAISE 'public.users cannot be adopted: several people have the handle %', doubled
			USING HINT = 'Rename all but one of each.';
	END IF;
	SELECT string_agg(cognito_user_id, ', ') INTO doubled
	FROM (
		SELECT cognito_user_id FROM public.users WHERE cognito_user_id <> 'MOCK'
		GROUP BY cognito_user_id HAVING count(*) > 1 ORDER BY cognito_user_id LIMIT 10
	) AS ids;
	IF doubled IS NOT NULL THEN
		RAISE 'public.users cannot be adopted: several people have the cognito_user_id %', doubled
			USING HINT = 'Set it to the right one, or to MOCK where nobody knows it.';
	END IF;

	-- The former seed's people wait for their accounts. NULL, which says so, is not allowed yet.
	UPDATE public.users SET cognito_user_id = 'MOCK ' || uuid WHERE cognito_user_id = 'MOCK';
	CREATE UNIQUE INDEX users_handle_adopted ON public.users (handle);
	CREATE UNIQUE INDEX users_cognito_user_id_adopted ON public.users (cognito_user_id);
	-- Times without a zone were written on servers whose zone is UTC; with that set, no row is written again.
	SET LOCAL timezone = 'UTC';
	ALTER TABLE public.users
		DROP CONSTRAINT IF EXISTS users_handle_key,
		DROP CONSTRAINT IF EXISTS users_cognito_user_id_key,
		ALTER COLUMN uuid SET DEFAULT gen_random_uuid(),
		ALTER COLUMN email DROP NOT NULL,
		ALTER COLUMN cognito_user_id DROP NOT NULL,
		ALTER COLUMN created_at TYPE timestamptz,
		ALTER COLUMN created_at SET DEFAULT now();
	ALTER TABLE public.users
		ADD CONSTRAINT users_handle_key UNIQUE USING INDEX users_handle_adopted,
		ADD CONSTRAINT users_cognito_user_id_key UNIQUE USING INDEX users_cognito_user_id_adopted;
	UPDATE public.users SET cognito_user_id = NULL WHERE cognito_user_id = 'MOCK ' || uuid;
END
$$;
