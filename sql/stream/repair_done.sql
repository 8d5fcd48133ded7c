-- SPDX-License-Identifier: MIT
-- A repair that began when so many debts were known is over. left_over: more was missed since.
-- held: this session has the lock.
-- parameters: table_name debts
WITH done AS (
	DELETE FROM public.stream_repairs
	WHERE table_name = $1 AND debts <= $2::integer AND public.stream_lock_is_mine($1)
)
SELECT public.stream_lock_is_mine($1) AS held,
EXISTS (
	SELECT FROM public.stream_repairs WHERE table_name = $1 AND debts > $2::integer
) AS left_over
