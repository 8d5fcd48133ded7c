-- SPDX-License-Identifier: MIT
-- Removes everything, people too.

DROP FUNCTION public.stream_lock_is_mine(text);
DROP TABLE public.stream_repairs, public.stream_dead_letters, public.stream_checkpoints, public.users;
