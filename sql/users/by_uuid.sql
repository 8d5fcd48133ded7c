-- SPDX-License-Identifier: MIT
-- A person, to make a lost row of theirs anew.
-- parameters: uuid
-- reads only
SELECT uuid, handle, display_name
FROM public.users
WHERE uuid = $1
