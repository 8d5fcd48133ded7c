-- SPDX-License-Identifier: MIT
-- The people of the working copy. Their Cognito accounts are made by whoever loads this; a row that exists
-- is left alone.

INSERT INTO public.users (display_name, handle, email)
VALUES
	('Andrew Brown', 'andrewbrown', 'andrewbrown@example.com'),
	('Test User', 'testuser', 'testuser@example.com'),
	('Londo Mollari', 'londo', 'londo@example.com')
ON CONFLICT (handle) DO NOTHING;
