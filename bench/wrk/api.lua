-- SPDX-License-Identifier: MIT
-- wrk -s wrk/api.lua URL -- ROUTE USERS_FILE
-- USERS_FILE has a line "token user_uuid group_uuid handle" for each user; they are sent in rotation.
local requests, at = {}, 0

local function make(route, token, group, handle)
  local headers = { ["Authorization"] = "Bearer " .. token }
  if route == "health" then return wrk.format("GET", "/api/health-check") end
  if route == "short" then return wrk.format("GET", "/api/users/@" .. handle .. "/short") end
  if route == "groups" then return wrk.format("GET", "/api/message_groups", headers) end
  if route == "messages" then return wrk.format("GET", "/api/messages/" .. group, headers) end
  if route == "hundred" then return wrk.format("GET", "/api/messages/" .. group .. "?limit=100", headers) end
  headers["Content-Type"] = "application/json"
  return wrk.format("POST", "/api/messages", headers, string.format(
    '{"message":"The quick brown fox wrote this message, about eighty characters long, again and again","message_group_uuid":"%s"}', group))
end

function init(args)
  for line in io.lines(args[2]) do
    local token, _, group, handle = line:match("(%S+) (%S+) (%S+) (%S+)")
    requests[#requests + 1] = make(args[1], token, group, handle)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d,"bad_status":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout, e.status))
end
