-- SPDX-License-Identifier: MIT
-- Does this session still have the lock? Another one may stand in its place.
-- parameters: table_name
-- reads only
SELECT public.stream_lock_is_mine($1) AS held
