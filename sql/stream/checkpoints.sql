-- SPDX-License-Identifier: MIT
-- Where reading stopped. age_s: seconds since somebody read.
-- parameters: table_name
-- reads only
SELECT stream_arn, shard_id, position, finished,
extract(epoch FROM now() - updated_at)::bigint AS age_s
FROM public.stream_checkpoints
WHERE table_name = $1
