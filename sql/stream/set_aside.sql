-- SPDX-License-Identifier: MIT
-- A record that could not be processed. Only the holder of the lock writes.
-- parameters: table_name stream_arn sequence_number shard_id pk sk reason retry
INSERT INTO public.stream_dead_letters
(table_name, stream_arn, sequence_number, shard_id, pk, sk, reason, retry)
SELECT $1, $2, $3, $4, $5, $6, $7, $8::boolean
WHERE public.stream_lock_is_mine($1)
ON CONFLICT ON CONSTRAINT stream_dead_letters_pkey DO UPDATE
SET reason = excluded.reason, retry = excluded.retry, tries = stream_dead_letters.tries + 1, last_at = now()
RETURNING true AS held
