-- SPDX-License-Identifier: MIT
-- Which migrations a database has: sql/schema.sql has the same table.

CREATE TABLE IF NOT EXISTS public.schema_migrations (
	version integer CONSTRAINT schema_migrations_pkey PRIMARY KEY,
	name text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);
