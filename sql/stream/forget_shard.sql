-- SPDX-License-Identifier: MIT
-- A shard that the stream lists no more. held: this session has the lock.
-- parameters: table_name stream_arn shard_id
WITH gone AS (
	DELETE FROM public.stream_checkpoints
	WHERE table_name = $1 AND stream_arn = $2 AND shard_id = $3
		AND public.stream_lock_is_mine($1)
)
SELECT public.stream_lock_is_mine($1) AS held
