-- SPDX-License-Identifier: MIT
-- Somebody reads the stream, even if it says nothing. held: this session has the lock.
-- parameters: table_name stream_arn
WITH kept AS (
	UPDATE public.stream_checkpoints SET updated_at = now()
	WHERE table_name = $1 AND stream_arn = $2 AND public.stream_lock_is_mine($1)
)
SELECT public.stream_lock_is_mine($1) AS held
