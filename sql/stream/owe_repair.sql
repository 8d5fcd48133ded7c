-- SPDX-License-Identifier: MIT
-- Data was missed. Only the holder of the lock writes.
-- parameters: table_name reason
INSERT INTO public.stream_repairs (table_name, reason)
SELECT $1, $2
WHERE public.stream_lock_is_mine($1)
ON CONFLICT ON CONSTRAINT stream_repairs_pkey DO UPDATE
SET reason = excluded.reason, debts = stream_repairs.debts + 1, owed_at = now()
RETURNING true AS held
