// SPDX-License-Identifier: MIT
// The live channel: server-sent events over fetch, as EventSource cannot send a token. It is a hint and no more:
// after each gap `onGap` is called, and the truth is read from the API.
import { send } from "./api.js";

// The server ends a quiet stream after 28 s. A new one is opened before, so that nothing falls between them.
const RENEW_MS = 22000;
const OVERLAP_MS = 2000;
// Nothing at all for this long, not even the comment of each 10 s: the connection is dead and nobody said so.
const SILENCE_MS = 30000;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];

// readEvents(body, onEvent): parses the stream (HTML standard, 9.2.6) until it ends.
export async function readEvents(body, onEvent, onBytes = () => {}) {
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
			const [, field, text] = /^([^:]*):? ?([^]*)$/.exec(line);
			if (line === "") {
				if (data.length) onEvent(type || "message", data.join("\n"));
				type = "";
				data = [];
			} else if (field === "event") type = text;
			else if (field === "data") data.push(text);
		}
	}
}

export class Live {
	#streams = new Set();
	#running = false;
	#failures = 0;
	#timer = 0;
	#heard = 0;

	// on: {event(type, data), gap(), state(isLive)}
	constructor(on) {
		this.on = on;
	}

	start() {
		this.#running = true;
		this.#open(true);
	}

	stop() {
		this.#running = false;
		clearTimeout(this.#timer);
		for (const stream of this.#streams) stream.abort();
	}

	// wake(): the network or the window is back, or may be: no waiting, and no trust in a stream that was silent.
	wake() {
		if (!this.#running) return;
		this.#failures = 0;
		if (this.#streams.size === 0) this.#open(true);
		else if (Date.now() - this.#heard > SILENCE_MS / 2) this.#open(true);
	}

	#later(ms, gap) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#open(gap), ms);
	}

	async #open(gap) {
		clearTimeout(this.#timer);
		const stream = new AbortController();
		const earlier = [...this.#streams];
		this.#streams.add(stream);
		const opened = Date.now();
		let watchdog = setTimeout(() => stream.abort(), SILENCE_MS / 2);
		const heard = () => {
			this.#heard = Date.now();
			clearTimeout(watchdog);
			watchdog = setTimeout(() => stream.abort(), SILENCE_MS);
		};
		try {
			const answer = await send("/api/live", {
				headers: { Accept: "text/event-stream" },
				signal: stream.signal,
			});
			if (!answer.ok) throw new Error(String(answer.status));
			heard();
			this.on.state(true);
			// The earlier one may still have carried everything: then there was no gap.
			if (gap || this.#failures || earlier.every((one) => one.signal.aborted)) this.on.gap();
			this.#failures = 0;
			setTimeout(() => earlier.forEach((one) => one.abort()), OVERLAP_MS);
			this.#later(RENEW_MS, false);
			await readEvents(answer.body, this.on.event, heard);
		} catch {
			// Ended, refused or never there: what matters is below.
		}
		clearTimeout(watchdog);
		stream.abort();
		this.#streams.delete(stream);
		if (!this.#running || this.#streams.size > 0) return;
		this.on.state(false);
		// One that lived for a while just ended; else it is tried less and less often.
		const step = Date.now() - opened > 5000 ? 0 : Math.min(this.#failures++, BACKOFF_MS.length - 1);
		this.#later(BACKOFF_MS[step] * (0.5 + Math.random()), true);
	}
}
