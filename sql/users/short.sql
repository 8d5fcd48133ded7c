-- SPDX-License-Identifier: MIT
-- What anyone may know of a user.
-- parameters: handle
-- reads only
SELECT uuid, handle, display_name
FROM public.users
WHERE handle = $1
