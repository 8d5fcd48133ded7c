-- SPDX-License-Identifier: MIT
-- The tables in Postgres, all at once, for an empty database: users, and nothing of messages, which are in DynamoDB.
-- A database that has tables is brought up to date by sql/migrations/, which lead to the same (README.md there).

-- The migrations that the database has. scripts/db/schema-load writes down which are in this file.
CREATE TABLE IF NOT EXISTS public.schema_migrations (
	version integer CONSTRAINT schema_migrations_pkey PRIMARY KEY,
	name text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);

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

-- What cruddur-stream knows of the stream of a table, so that the next one goes on where this one stopped: a row for
-- each shard that was begun and is still listed.
CREATE TABLE IF NOT EXISTS public.stream_checkpoints (
	table_name text NOT NULL,
	-- A stream that was switched off and on again is another stream.
	stream_arn text NOT NULL,
	shard_id text NOT NULL,
	-- The sequence number of the last record that was dealt with; empty before the first.
	position text NOT NULL,
	-- Read to its end: its children may be read.
	finished boolean NOT NULL,
	-- Also renewed every few minutes while there is nothing to read. Records live for a day.
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT stream_checkpoints_pkey PRIMARY KEY (table_name, stream_arn, shard_id)
);

-- Records that could not be processed, without their text. cruddur-stream tries those again by itself of which it may
-- be a matter of time (retry); cruddur-stream --replay-dead-letters tries all.
CREATE TABLE IF NOT EXISTS public.stream_dead_letters (
	table_name text NOT NULL,
	stream_arn text NOT NULL,
	-- For a group that a repair could not put right, which has no record: 'repair:' and its uuid.
	sequence_number text NOT NULL,
	shard_id text NOT NULL,
	-- The key of the message row that the record is about.
	pk text NOT NULL,
	sk text NOT NULL,
	reason text NOT NULL,
	tries integer NOT NULL DEFAULT 1,
	first_at timestamptz NOT NULL DEFAULT now(),
	last_at timestamptz NOT NULL DEFAULT now(),
	retry boolean NOT NULL DEFAULT false,
	CONSTRAINT stream_dead_letters_pkey PRIMARY KEY (stream_arn, sequence_number)
);

-- Of a table that is older than the column.
ALTER TABLE public.stream_dead_letters ADD COLUMN IF NOT EXISTS retry boolean NOT NULL DEFAULT false;

-- A replay goes from one group's letters to the next one's.
CREATE INDEX IF NOT EXISTS stream_dead_letters_pk_idx ON public.stream_dead_letters (table_name, pk);

-- What is due for another try is asked for every few seconds, and mostly there is nothing.
CREATE INDEX IF NOT EXISTS stream_dead_letters_retry_idx ON public.stream_dead_letters (table_name) WHERE retry;

-- A table whose stream lost records that nobody had read: every group of it has to be looked at.
CREATE TABLE IF NOT EXISTS public.stream_repairs (
	table_name text CONSTRAINT stream_repairs_pkey PRIMARY KEY,
	reason text NOT NULL,
	-- How often that happened: a repair that was begun before the last time does not settle it.
	debts integer NOT NULL DEFAULT 1,
	owed_at timestamptz NOT NULL DEFAULT now()
);

-- The advisory lock of the one active cruddur-stream of a table: 1668445540 is 'crud' as a number.
CREATE OR REPLACE FUNCTION public.stream_lock_is_mine(of_table text) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (
		SELECT FROM pg_catalog.pg_locks
		WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND granted
			AND classid = 1668445540::oid AND objid = pg_catalog.hashtext(of_table)::oid AND objsubid = 2
	)
$$;
