// SPDX-License-Identifier: MIT
// What is not acknowledged yet: sent one by one, each under one Idempotency-Key for all its tries, so that it arrives
// once. It survives a reload.
import { post } from "./api.js";

const KEY = "cruddur.outbox";
// After so many errors it is for the person to repeat.
const TRIES = 4;
const BACKOFF_MS = 1000;
const LONGEST_MS = 30000;
// The service remembers a key for a day. Then, too, repeating is for the person.
const REMEMBERED_MS = 23 * 3600000;

let entries = [], owner = null, pumping = false, timer = 0, failures = 0, on;

function changed() {
	if (!owner) return;
	// Where there is no room they go out all the same.
	try {
		sessionStorage.setItem(KEY, JSON.stringify({ owner, entries }));
	} catch {}
	on.change();
}

// Takes up what a reload left. `listeners`: change(), sent(message, entry).
export function open(me, listeners) {
	const left = JSON.parse(sessionStorage.getItem(KEY));
	on = listeners;
	if (left?.owner === me) entries = left.entries;
	else close();
	owner = me;
	for (const entry of entries) if (entry.state === "sending") entry.state = "waiting";
	pump();
}

export function close(keep) {
	clearTimeout(timer);
	if (!keep) sessionStorage.removeItem(KEY);
	entries = [];
	owner = null;
}

export const pending = (to) => entries.filter((entry) => entry.to === to);
export const unsent = () => entries.some(({ state }) => state !== "failed");
export const failed = (to) => pending(to).some(({ state }) => state === "failed");

// `to` is a conversation's UUID, or @ and a handle.
export function add(to, text) {
	const target = to[0] === "@" ? { handle: to.slice(1) } : { message_group_uuid: to };
	const body = JSON.stringify({ message: text, ...target });
	entries.push({ key: crypto.randomUUID(), to, text, body, at: Date.now(), state: "waiting", tries: 0 });
	changed();
	pump();
}

export function retry(key) {
	const entry = entries.find((one) => one.key === key);
	// Under its old key it would not be known again.
	if (entry.why === "old") Object.assign(entry, { key: crypto.randomUUID(), first: 0 });
	Object.assign(entry, { state: "waiting", tries: 0, why: null });
	changed();
	kick();
}

export function drop(key) {
	entries = entries.filter((entry) => entry.key !== key);
	changed();
}

export function kick() {
	failures = 0;
	clearTimeout(timer);
	pump();
}

async function pump() {
	if (pumping) return;
	pumping = true;
	try {
		for (let entry, wait = 0; !wait && owner && navigator.onLine;) {
			entry = entries.find(({ state }) => state === "waiting");
			if (!entry) break;
			wait = await attempt(entry);
			if (wait) timer = setTimeout(pump, wait);
		}
	} finally {
		pumping = false;
	}
}

function become(entry, state, why) {
	Object.assign(entry, { state, why });
	changed();
	return 0;
}

async function attempt(entry) {
	if (entry.first && Date.now() - entry.first > REMEMBERED_MS) return become(entry, "failed", "old");
	entry.first ||= Date.now();
	become(entry, "sending");
	let message;
	try {
		message = await post("/api/messages", entry.body, { "Idempotency-Key": entry.key });
	} catch (error) {
		if (!error.passing) return become(entry, "failed", error.codes?.[0] ?? "unknown");
		if (error.status > 401 && ++entry.tries >= TRIES) return become(entry, "failed", "unavailable");
		become(entry, "waiting");
		const backoff = Math.min(LONGEST_MS, BACKOFF_MS * 2 ** failures++);
		return Math.max(backoff * (0.75 + Math.random() / 2), error.wait * 1000);
	}
	entries = entries.filter((one) => one !== entry);
	failures = 0;
	if (owner) on.sent(message, entry);
	changed();
	return 0;
}
