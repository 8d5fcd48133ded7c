// SPDX-License-Identifier: MIT
// All tests of the web client, in one process: `scripts/dev test` runs it, or by hand
//   eval "$(scripts/dev env)"; CRUDDUR_WEB_TOOLS=$(scripts/dev web-tools) node tests/web/all.mjs
await import("./site.mjs");
await import("./srp.mjs");
await import("./talk.mjs");
await import("./network.mjs");
await import("./looks.mjs");
