-- SPDX-License-Identifier: MIT
-- Is a repair owed?
-- parameters: table_name
-- reads only
SELECT debts FROM public.stream_repairs WHERE table_name = $1
