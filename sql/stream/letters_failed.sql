-- SPDX-License-Identifier: MIT
-- The letters of a group that still can't be put right. retry: another time it may.
-- parameters: table_name pk reason retry
UPDATE public.stream_dead_letters SET reason = $3, retry = $4::boolean, tries = tries + 1, last_at = now()
WHERE table_name = $1 AND pk = $2
