-- SPDX-License-Identifier: MIT
-- The groups whose letters are to be tried again by now, 5 s after the first failure, and after each further one twice
-- as long up to 5 min; those that wait longest first. newest: of its letters.
-- parameters: table_name
-- reads only
SELECT pk, max(last_at)::text AS newest, count(*) AS letters
FROM public.stream_dead_letters
WHERE table_name = $1 AND retry
GROUP BY pk
HAVING max(last_at) + least(interval '5 s' * 2 ^ (least(max(tries), 10) - 1), interval '5 min') <= now()
ORDER BY max(last_at), pk
LIMIT 50
