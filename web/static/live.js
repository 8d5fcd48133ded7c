// SPDX-License-Identifier: MIT
// The live channel: server-sent events over fetch, as EventSource can't send a token. It is a hint and no more: after
// each gap `gap` is called, and the truth is read from the API.
import { send } from "./api.js";

// The server ends a quiet stream after 28 s. A new one is opened before, so that nothing falls between them.
const RENEW_MS = 22000;
const OVERLAP_MS = 2000;
// Nothing for so long, not even the comment of each 10 s: the connection is dead and nobody said so.
const SILENCE_MS = 30000;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];
// One that lived for so long was not refused, it just ended.
const LIVED_MS = 5000;

// Parses a stream of events (HTML standard, 9.2.6) until it ends.
async function read(body, onEvent, onBytes) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "", type = "", data = [];
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		onBytes();
		// A CR at the end may be half of a CRLF.
		const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
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

// live({event(type, data), gap(), state(isLive)}): {start(), stop(), wake()}
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
			if (!answer.ok) throw new Error(answer.status);
			hear();
			on.state(true);
			// Where an earlier one lives it carried everything: then there was no gap.
			if (gap || failures || earlier.every((one) => one.signal.aborted)) on.gap();
			failures = 0;
			setTimeout(() => earlier.forEach((one) => one.abort()), OVERLAP_MS);
			later(RENEW_MS, false);
			await read(answer.body, on.event, hear);
		} catch {
			// Ended, refused or never there: what matters is below.
		}
		clearTimeout(watchdog);
		stream.abort();
		streams.delete(stream);
		if (!running || streams.size) return;
		on.state(false);
		const step = Date.now() - opened > LIVED_MS ? 0 : Math.min(failures++, BACKOFF_MS.length - 1);
		later(BACKOFF_MS[step] * (0.5 + Math.random()), true);
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
		// The network or the window is back: no more waiting, and no trust in a stream that was silent.
		wake() {
			if (!running) return;
			failures = 0;
			if (!streams.size || Date.now() - heard > SILENCE_MS / 2) open(true);
		},
	};
}
