-- SPDX-License-Identifier: MIT
-- The two people of a conversation that is about to start, as of one moment. A missing one is a
-- missing row; someone who writes to himself is two rows with the same uuid.
-- parameters: user_sender_uuid user_receiver_handle
-- reads only
SELECT 'sender' AS kind, uuid, display_name, handle
FROM public.users
WHERE uuid = $1
UNION ALL
SELECT 'recv' AS kind, uuid, display_name, handle
FROM public.users
WHERE handle = $2
