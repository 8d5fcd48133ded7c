// SPDX-License-Identifier: MIT
// What this window knows: the conversations, and the messages of those that were opened. The API is the truth;
// live events run ahead of it, and every gap between them is made up for from it.
import { get, post, ApiError } from "./api.js";
import { moment } from "./text.js";

const PAGE = 50;
// Catching up starts this much before the newest message: workers' clocks differ, and one that was stored late
// may have its place before one that was seen early.
const OVERLAP_MS = 15000;
// After so many pages it is cheaper to start again from the newest.
const CATCH_UP_PAGES = 10;
// A list follows a message within a second or so: it is looked at again after a gap.
const AGAIN_MS = 3000;
const READ_AGAIN_MS = 5000;
const MAX_UNREAD = 99;
const REMEMBERED_EVENTS = 1000;

export const state = { me: null, groups: new Map(), more: null, listed: false, failed: false, live: false };

const conversations = new Map();
const listeners = new Set();
const seen = new Set();
// Each change of an unread count made here has a number, so that a list asked for before it can't undo it.
let changes = 0;
let generation = 0;
let again = 0;

export const onChange = (listener) => (listeners.add(listener), () => listeners.delete(listener));
const changed = (what, detail) => listeners.forEach((listener) => listener(what, detail));

// forget(): everything of the person who was here.
export function forget() {
	Object.assign(state, { me: null, groups: new Map(), more: null, listed: false, failed: false, live: false });
	conversations.clear();
	seen.clear();
	clearTimeout(again);
	generation++;
}

export async function load() {
	state.me = (await get("/api/users/me")).data;
}

export const mine = (message) => message.handle === state.me.handle;

// groups(): newest first.
export function groups() {
	const order = (a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0);
	return [...state.groups.values()].sort(order);
}

export const groupOf = (handle) => groups().find((group) => group.handle === handle);

function takeRow(row, asked) {
	const old = state.groups.get(row.uuid);
	// `counted`: what is in the row's own count already.
	const made = { touched: 0, counted: row.created_at, ...row };
	if (old && row.created_at < old.created_at) Object.assign(made, old, { display_name: row.display_name });
	else if (old && old.touched > asked && row.created_at === old.created_at) {
		const { unread_count, unread_capped, last_read_message_uuid, touched } = old;
		Object.assign(made, { unread_count, unread_capped, last_read_message_uuid, touched });
	}
	state.groups.set(row.uuid, made);
}

async function loadGroups(path) {
	const asked = changes, born = generation;
	const { data, next } = await get(path);
	if (born !== generation) return null;
	for (const row of data) takeRow(row, asked);
	changed("groups");
	return { next };
}

export async function refreshGroups() {
	try {
		const page = await loadGroups("/api/message_groups?limit=50");
		if (!page) return;
		// What was paged in below the first page stays.
		if (!state.listed) state.more = page.next;
		state.listed = true;
		state.failed = false;
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		state.failed = true;
	}
	changed("groups");
}

export async function moreGroups() {
	const path = state.more;
	if (!path) return;
	state.more = null;
	changed("groups");
	try {
		state.more = (await loadGroups(path))?.next ?? null;
	} catch {
		state.more = path;
	}
	changed("groups");
}

// findGroup(): for an address that is older than what is listed.
async function findGroup(uuid) {
	let path = state.listed ? state.more : "/api/message_groups?limit=100";
	while (path && !state.groups.has(uuid)) path = (await loadGroups(path.replace(/limit=\d+/, "limit=100")))?.next;
}

// --- one conversation ---

// Byte order of the times as stored is the order of the API, whatever forms they have.
function insert(conversation, message) {
	if (conversation.ids.has(message.uuid)) return false;
	conversation.ids.add(message.uuid);
	const { messages } = conversation;
	let at = messages.length;
	while (at > 0 && messages[at - 1].created_at > message.created_at) at--;
	messages.splice(at, 0, message);
	return true;
}

export function conversation(uuid) {
	if (!conversations.has(uuid)) {
		conversations.set(uuid, {
			uuid, messages: [], ids: new Set(), older: null, ready: false, stale: true, error: null,
			busy: null, loadingOlder: false, olderFailed: false, readUpTo: null, readAgain: 0,
		});
	}
	return conversations.get(uuid);
}

const messagesPath = (uuid, query) => `/api/messages/${uuid}?${new URLSearchParams(query)}`;

async function newest(one) {
	const { data, next } = await get(messagesPath(one.uuid, { limit: PAGE }));
	const last = data.at(-1)?.created_at ?? "";
	// Nothing in common with what is here: there may be messages in between. Those of events are newer.
	if (!data.some((message) => one.ids.has(message.uuid))) {
		const newer = one.messages.filter((message) => message.created_at > last);
		one.messages = [];
		one.ids = new Set();
		one.older = next;
		data.push(...newer);
	}
	data.forEach((message) => insert(one, message));
}

function anchor(messages) {
	const last = moment(messages.at(-1).created_at);
	for (let i = messages.length - 1; i >= 0; i--) {
		const time = moment(messages[i].created_at);
		if (last && time && last - time >= OVERLAP_MS) return messages[i].uuid;
	}
	return null;
}

async function catchUp(one) {
	const after = one.messages.length ? anchor(one.messages) : null;
	if (!after) return newest(one);
	try {
		let path = messagesPath(one.uuid, { after, limit: 100 });
		for (let pages = 0; path && pages < CATCH_UP_PAGES; pages++) {
			const { data, next } = await get(path);
			data.forEach((message) => insert(one, message));
			path = next;
		}
		if (path) await newest(one);
	} catch (error) {
		if (error.status !== 400) throw error;
		await newest(one);
	}
}

// open(): makes it ready and up to date; a second call while one is under way waits for that.
export function open(uuid) {
	const one = conversation(uuid);
	if (!one.stale) return Promise.resolve();
	return (one.busy ??= (async () => {
		const born = generation;
		one.stale = false;
		one.error = null;
		changed("messages", uuid);
		try {
			await Promise.all([catchUp(one), state.groups.has(uuid) ? null : findGroup(uuid)]);
			one.ready = true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			one.stale = true;
			one.error = error;
		}
		one.busy = null;
		if (born === generation) changed("messages", uuid);
	})());
}

export async function older(uuid) {
	const one = conversation(uuid);
	if (!one.older || one.loadingOlder) return;
	one.loadingOlder = true;
	one.olderFailed = false;
	changed("messages", uuid);
	try {
		const { data, next } = await get(one.older);
		data.forEach((message) => insert(one, message));
		one.older = next;
	} catch {
		one.olderFailed = true;
	}
	one.loadingOlder = false;
	changed("messages", uuid);
}

// other(): the other person of a conversation, as far as known.
export const other = (uuid) => state.groups.get(uuid) ??
	conversation(uuid).messages.find((message) => !mine(message)) ?? null;

// --- events ---

// added(): a message that was just sent, from here or anywhere, with its group.
export function added(message) {
	const { message_group_uuid: uuid } = message;
	const one = conversations.get(uuid);
	if (one && (one.ready || one.busy) && insert(one, message)) changed("messages", uuid);
	if (seen.has(message.uuid)) return false;
	seen.add(message.uuid);
	if (seen.size > REMEMBERED_EVENTS) seen.delete(seen.values().next().value);
	const group = state.groups.get(uuid);
	if (!group && mine(message)) refreshGroups();
	else if (!group) {
		const { display_name, handle } = message;
		state.groups.set(uuid, {
			uuid, display_name, handle, unread_count: 0, last_read_message_uuid: null, created_at: "", counted: "",
		});
	}
	note(state.groups.get(uuid), message);
	changed("groups");
	return true;
}

function note(group, message) {
	if (!group) return;
	if (message.created_at > group.created_at) {
		group.created_at = message.created_at;
		group.message = message.message;
	}
	if (mine(message) || message.created_at <= group.counted) return;
	group.touched = ++changes;
	if (group.unread_count >= MAX_UNREAD) group.unread_capped = true;
	else group.unread_count++;
}

// readElsewhere(): this person read it in another window.
export function readElsewhere({ message_group_uuid: uuid, message_uuid }) {
	const group = state.groups.get(uuid);
	if (!group || group.last_read_message_uuid === message_uuid) return;
	const last = conversations.get(uuid)?.messages.at(-1);
	if (last?.uuid === message_uuid) settle(uuid, { last_read_message_uuid: message_uuid, unread_count: 0 });
	else refreshGroups();
}

function settle(uuid, { unread_count, unread_capped, last_read_message_uuid }) {
	Object.assign(state.groups.get(uuid) ?? {}, { unread_count, unread_capped, last_read_message_uuid, touched: ++changes });
	changed("groups");
}

// read(): the person has seen everything that is here of it.
export async function read(uuid) {
	const one = conversation(uuid), group = state.groups.get(uuid);
	const last = one.messages.at(-1);
	if (!group?.unread_count || !last || one.readUpTo === last.uuid || Date.now() < one.readAgain) return;
	const before = { ...group };
	one.readUpTo = last.uuid;
	settle(uuid, { unread_count: 0, last_read_message_uuid: last.uuid });
	try {
		const answer = await post(`/api/message_groups/${uuid}/read`, JSON.stringify({ message_uuid: last.uuid }));
		if (one.readUpTo === last.uuid) settle(uuid, answer);
	} catch {
		// The next occasion tries again.
		if (one.readUpTo !== last.uuid) return;
		one.readUpTo = null;
		one.readAgain = Date.now() + READ_AGAIN_MS;
		settle(uuid, before);
	}
}

// gap(): events may have been missed.
export function gap() {
	for (const one of conversations.values()) {
		one.stale = true;
		if (one.error?.passing) one.error = null;
	}
	changed("gap");
	refreshGroups();
	clearTimeout(again);
	again = setTimeout(refreshGroups, AGAIN_MS);
}

export function live(is) {
	state.live = is;
	changed("live");
}
