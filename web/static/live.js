// SPDX-License-Identifier: MIT
// Server-sent events over fetch, as EventSource can't send a token. A hint: the truth is the API's.
import { send } from "./api.js";

// The server ends a quiet stream after 28 s, any at its first event after its span; it says how much is left.
const RENEW_MS = 22000;
const OVERLAP_MS = 2000;
// Not even the comment of each 10 s: the connection is dead.
const SILENCE_MS = 25000;
const BACKOFF_MS = 500;
const LONGEST_MS = 30000;
const LIVED_MS = 5000;

// HTML standard, 9.2.6.
async function read(body, onEvent, onBytes) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "", type = "", data = [];
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		onBytes();
		const lines = (rest + value).split(/\r?\n/);
		rest = lines.pop();
		for (const line of lines) {
			const [, field, text] = /^([^:]*):? ?(.*)$/s.exec(line);
			if (field === "event") type = text;
			else if (field === "data") data.push(text);
			else if (line === "") {
				if (data.length) onEvent(type, data.join("\n"));
				type = "";
				data = [];
			}
		}
	}
}

// live({event(type, data), gap(), look(), state(isLive)})
export function live(on) {
	const streams = new Set();
	let running = false, failures = 0, timer = 0, heard = 0;

	function later(ms, gap) {
		clearTimeout(timer);
		timer = setTimeout(open, ms, gap);
	}

	async function open(gap) {
		clearTimeout(timer);
		const stream = new AbortController(), earlier = [...streams], opened = Date.now();
		let watchdog;
		const watch = (ms) => {
			clearTimeout(watchdog);
			watchdog = setTimeout(() => stream.abort(), ms);
		};
		const hear = () => {
			heard = Date.now();
			watch(SILENCE_MS);
		};
		streams.add(stream);
		watch(SILENCE_MS / 2);
		try {
			const answer = await send("/api/live", { headers: { Accept: "text/event-stream" }, signal: stream.signal });
			if (!answer.ok) throw answer;
			// Where an earlier one lives there was no gap, unless this machine slept.
			gap ||= failures || earlier.every((one) => one.signal.aborted) || Date.now() - heard > SILENCE_MS;
			hear();
			on.state(true);
			(gap ? on.gap : on.look)();
			failures = 0;
			setTimeout(() => earlier.forEach((one) => one.abort()), OVERLAP_MS);
			const left = parseInt(answer.headers.get("Cruddur-Live-Seconds"));
			later(Math.min(RENEW_MS, (left + 1) * 1000 || RENEW_MS) + Math.random() * 1000, false);
			await read(answer.body, on.event, hear);
		} catch {}
		clearTimeout(watchdog);
		stream.abort();
		streams.delete(stream);
		if (!running || streams.size) return;
		on.state(false);
		const step = Date.now() - opened > LIVED_MS ? 0 : failures++;
		// Without a channel the page looks for itself.
		if (failures > 2) on.gap();
		later(Math.min(LONGEST_MS, BACKOFF_MS * 2 ** step) * (0.5 + Math.random()), true);
	}

	return {
		start() {
			running = true;
			open(true);
		},
		stop() {
			running = false;
			clearTimeout(timer);
			streams.forEach((stream) => stream.abort());
		},
		// Network or window are back: no waiting, and no trust in a silent stream.
		wake() {
			if (!running) return;
			failures = 0;
			if (!streams.size || Date.now() - heard > SILENCE_MS / 2) open(true);
		},
	};
}
