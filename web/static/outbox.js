// SPDX-License-Identifier: MIT
// What was typed and is not acknowledged yet: sent one after the other, each under one Idempotency-Key for all its
// tries, so that it arrives once however often it is sent. It survives a reload in this window's sessionStorage.
import { post } from "./api.js";

const KEY = "cruddur.outbox";
// While the server answers, but with an error: so often, then it is for the person to repeat.
const TRIES = 4;
const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];
// The service remembers a key for a day. Later, a repeat of something that may have arrived is a person's decision.
const REMEMBERED_MS = 23 * 3600000;

let entries = [];
let owner = null;
let pumping = false;
let timer = 0;
let failures = 0;
let on = {};

const save = () => sessionStorage.setItem(KEY, JSON.stringify({ owner, entries }));

function changed() {
	if (!owner) return;
	save();
	on.change?.();
}

// open(me, {change(), sent(message, entry)}): takes up what a reload left of the same person.
export function open(me, listeners) {
	on = listeners;
	owner = me;
	entries = [];
	try {
		const left = JSON.parse(sessionStorage.getItem(KEY));
		if (left?.owner === me) entries = left.entries;
	} catch {
		// Nothing that could be read: nothing left.
	}
	for (const entry of entries) if (entry.state === "sending") entry.state = "waiting";
	pump();
}

// close(keep): without `keep`, for good.
export function close(keep) {
	clearTimeout(timer);
	if (!keep) sessionStorage.removeItem(KEY);
	entries = [];
	owner = null;
	on = {};
}

export const pending = (to) => entries.filter((entry) => entry.to === to);
export const unsent = () => entries.some((entry) => entry.state !== "failed");
export const failed = (to) => entries.some((entry) => entry.to === to && entry.state === "failed");

// add(to, text): `to` is a conversation's UUID, or @ and a handle for one that may not exist yet.
export function add(to, text) {
	const target = to.startsWith("@") ? { handle: to.slice(1) } : { message_group_uuid: to };
	entries.push({
		key: crypto.randomUUID(), to, text, body: JSON.stringify({ message: text, ...target }),
		at: Date.now(), state: "waiting", tries: 0, first: 0, why: null,
	});
	changed();
	pump();
}

export function retry(key) {
	const entry = entries.find((one) => one.key === key);
	if (!entry || entry.state === "sending") return;
	// Under its old key it would not be known again.
	if (entry.why === "old") Object.assign(entry, { key: crypto.randomUUID(), first: 0 });
	Object.assign(entry, { state: "waiting", tries: 0, why: null });
	changed();
	kick();
}

export function drop(key) {
	entries = entries.filter((entry) => entry.key !== key || entry.state === "sending");
	changed();
}

// kick(): the network is back, or may be.
export function kick() {
	failures = 0;
	clearTimeout(timer);
	pump();
}

async function pump() {
	if (pumping || !owner) return;
	pumping = true;
	const mine = owner;
	for (;;) {
		const entry = entries.find((one) => one.state === "waiting");
		if (!entry || owner !== mine) break;
		if (!navigator.onLine) break;
		const wait = await attempt(entry);
		if (wait) {
			clearTimeout(timer);
			timer = setTimeout(pump, wait);
			break;
		}
	}
	pumping = false;
	if (owner && owner !== mine) pump();
}

// attempt(): how long to wait before the next one, 0 for not at all.
async function attempt(entry) {
	if (entry.first && Date.now() - entry.first > REMEMBERED_MS) {
		Object.assign(entry, { state: "failed", why: "old" });
		changed();
		return 0;
	}
	entry.first ||= Date.now();
	entry.state = "sending";
	changed();
	let message;
	try {
		message = await post("/api/messages", entry.body, { "Idempotency-Key": entry.key });
	} catch (error) {
		return postpone(entry, error);
	}
	entries = entries.filter((one) => one !== entry);
	failures = 0;
	on.sent?.(message, entry);
	changed();
	return 0;
}

function postpone(entry, error) {
	entry.state = "waiting";
	if (!error.passing) Object.assign(entry, { state: "failed", why: error.codes?.[0] ?? "unknown" });
	else if (error.status >= 400 && error.status !== 401 && ++entry.tries >= TRIES) {
		Object.assign(entry, { state: "failed", why: "unavailable" });
	}
	changed();
	if (entry.state === "failed") return 0;
	const backoff = BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2);
	return Math.max(backoff, (error.wait ?? 0) * 1000);
}
