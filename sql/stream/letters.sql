-- SPDX-License-Identifier: MIT
-- The groups that dead letters are about, from the one after a key (or the first) on; newest: of its letters.
-- parameters: table_name after_pk
-- reads only
SELECT pk, max(last_at)::text AS newest, count(*) AS letters
FROM public.stream_dead_letters
WHERE table_name = $1 AND ($2::text IS NULL OR pk > $2)
GROUP BY pk
ORDER BY pk
LIMIT 100
