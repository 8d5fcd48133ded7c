-- SPDX-License-Identifier: MIT
-- Only the holder of the lock writes: no row comes back otherwise.
-- parameters: table_name stream_arn shard_id position finished
INSERT INTO public.stream_checkpoints (table_name, stream_arn, shard_id, position, finished)
SELECT $1, $2, $3, $4, $5::boolean
WHERE public.stream_lock_is_mine($1)
ON CONFLICT ON CONSTRAINT stream_checkpoints_pkey DO UPDATE
SET position = excluded.position, finished = excluded.finished, updated_at = now()
RETURNING true AS held
