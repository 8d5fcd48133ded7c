-- SPDX-License-Identifier: MIT
-- Takes the lock of the table's one active instance for this session, or says that it has it already.
-- The session's other settings make the server notice within about 6 s that its holder's host is
-- gone (they mean nothing on a Unix socket).
-- It may be sent again after a loss, as what it did went with the connection.
-- parameters: table_name
-- reads only
SELECT CASE
	WHEN public.stream_lock_is_mine($1) THEN true
	ELSE pg_try_advisory_lock(1668445540, hashtext($1))
END AS held,
set_config('tcp_keepalives_idle', '2', false),
set_config('tcp_keepalives_interval', '1', false),
set_config('tcp_keepalives_count', '4', false),
set_config('tcp_user_timeout', '6000', false)
