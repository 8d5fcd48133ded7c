-- SPDX-License-Identifier: MIT
-- The letters of a group that still can't be put right.
-- parameters: table_name pk reason
UPDATE public.stream_dead_letters SET reason = $3, tries = tries + 1, last_at = now()
WHERE table_name = $1 AND pk = $2
