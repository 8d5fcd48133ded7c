-- SPDX-License-Identifier: MIT
-- The letters of a group that is right again; those that came in the meantime stay.
-- parameters: table_name pk newest
DELETE FROM public.stream_dead_letters
WHERE table_name = $1 AND pk = $2 AND last_at <= $3::timestamptz
