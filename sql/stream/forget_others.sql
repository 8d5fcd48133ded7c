-- SPDX-License-Identifier: MIT
-- The checkpoints of the streams that the table had before this one. held: this session has the lock.
-- parameters: table_name stream_arn
WITH gone AS (
	DELETE FROM public.stream_checkpoints
	WHERE table_name = $1 AND stream_arn <> $2 AND public.stream_lock_is_mine($1)
)
SELECT public.stream_lock_is_mine($1) AS held
