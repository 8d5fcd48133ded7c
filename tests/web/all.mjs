// SPDX-License-Identifier: MIT
// All tests of the web client, in one process; scripts/dev test and scripts/dev web-test run it.
import "./site.mjs";
import "./srp.mjs";
import "./talk.mjs";
import "./history.mjs";
import "./network.mjs";
import "./looks.mjs";
