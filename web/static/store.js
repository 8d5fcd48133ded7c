// SPDX-License-Identifier: MIT
// What this window knows. The API is the truth; live events run ahead of it, and what they miss is read from it.
import { get, post, ApiError } from "./api.js";
import { moment } from "./text.js";

const PAGE = 50;
// Catching up starts earlier: workers' clocks differ, and a later message may stand before the newest.
const OVERLAP_MS = 15000;
const CATCH_UP_PAGES = 10;
const FIND_PAGES = 3;
// The list follows a message within a second or so: after a gap it is read twice.
const AGAIN_MS = 3000;
const MAX_UNREAD = 99;

const nothing = () => ({ me: null, groups: new Map(), more: null, listed: false, failed: false, drafts: new Map() });
export const state = nothing();

const conversations = new Map();
const seen = new Set();
let changed = () => {};
// Numbers what changes here, so that a list asked for earlier can't undo it.
let changes = 0, generation = 0;

export const onChange = (listener) => (changed = listener);

export function forget() {
	Object.assign(state, nothing());
	conversations.clear();
	seen.clear();
	generation++;
}

export async function load() {
	state.me = (await get("/api/users/me")).data;
}

export const mine = ({ user_uuid, handle }) => user_uuid ? user_uuid === state.me.uuid : handle === state.me.handle;

export const groups = () => [...state.groups.values()].sort((a, b) =>
	(a.created_at < b.created_at) - (a.created_at > b.created_at));

const unread = ({ unread_count, unread_capped, last_read_message_uuid }) =>
	({ unread_count, unread_capped, last_read_message_uuid });

function takeRow(row, asked) {
	const old = state.groups.get(row.uuid);
	if (old && row.created_at < old.created_at) return;
	const kept = old && old.touched > asked && row.created_at === old.created_at ? unread(old) : { touched: 0 };
	// `counted`: how far the row's own count goes.
	state.groups.set(row.uuid, { ...old, ...row, unread_capped: row.unread_capped, counted: row.created_at, ...kept });
}

async function loadGroups(path) {
	const asked = changes, born = generation;
	const { data, next } = await get(path);
	if (born !== generation) throw new ApiError(0);
	for (const row of data) {
		takeRow(row, asked);
		const one = conversations.get(row.uuid);
		// Events may have been lost, also before those that came.
		if (one?.ready && (one.stale || row.created_at > one.sure)) expire(one);
	}
	changed();
	return next;
}

export async function refreshGroups() {
	const born = generation;
	try {
		const next = await loadGroups(`/api/message_groups?limit=${PAGE}`);
		if (!state.listed) state.more = next;
		state.listed = true;
	} catch {
		if (born === generation) state.failed = true;
	}
	changed();
}

export async function moreGroups() {
	const path = state.more, born = generation;
	if (!path) return;
	state.more = null;
	const next = await loadGroups(path).catch(() => path);
	if (born === generation) state.more = next;
	changed();
}

async function findGroup(uuid) {
	if (!state.listed) await refreshGroups();
	let path = state.more;
	for (let pages = 0; path && pages < FIND_PAGES && !state.groups.has(uuid); pages++) path = await loadGroups(path);
}

// The byte order of times as stored is the API's.
function insert({ ids, messages }, message) {
	if (ids.has(message.uuid)) return false;
	ids.add(message.uuid);
	let at = messages.length;
	while (at > 0 && messages[at - 1].created_at > message.created_at) at--;
	messages.splice(at, 0, message);
	return true;
}

export function conversation(uuid) {
	if (!conversations.has(uuid)) {
		// `sure`: up to there the API has told everything.
		conversations.set(uuid, { uuid, messages: [], ids: new Set(), older: null, sure: "", stale: true, readAgain: 0 });
	}
	return conversations.get(uuid);
}

function expire(one) {
	one.stale = true;
	if (one.error?.passing) one.error = null;
}

function take(one, data) {
	data.forEach((message) => insert(one, message));
	if (data.at(-1)?.created_at > one.sure) one.sure = data.at(-1).created_at;
}

async function newest(one) {
	const { data, next } = await get(`/api/messages/${one.uuid}?limit=${PAGE}`), { messages, ids, sure } = one;
	// Nothing in common with what is sure: there may be messages in between. Those of events are newer.
	if (!data.some(({ uuid, created_at }) => created_at <= sure && ids.has(uuid))) {
		Object.assign(one, { messages: [], ids: new Set(), older: next });
	}
	take(one, data);
	messages.forEach((message) => message.created_at > one.sure && insert(one, message));
}

async function catchUp(one) {
	const last = moment(one.sure);
	const known = one.messages.findLast(({ created_at }) => last - moment(created_at) >= OVERLAP_MS);
	if (!last || !known) return newest(one);
	try {
		let path = `/api/messages/${one.uuid}?after=${known.uuid}&limit=100`;
		for (let pages = 0; path && pages < CATCH_UP_PAGES; pages++) {
			const { data, next } = await get(path);
			take(one, data);
			path = next;
		}
		if (path) await newest(one);
	} catch (error) {
		if (error.status !== 400) throw error;
		await newest(one);
	}
}

export async function open(uuid) {
	const one = conversation(uuid);
	if (!one.stale || one.busy) return;
	Object.assign(one, { busy: true, stale: false, error: null });
	changed();
	try {
		await catchUp(one);
		if (!one.ready && !state.groups.has(uuid)) await findGroup(uuid);
		one.ready = true;
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		Object.assign(one, { stale: true, error });
	}
	one.busy = false;
	changed();
}

export async function older(uuid) {
	const one = conversation(uuid);
	if (!one.older || one.loadingOlder) return;
	Object.assign(one, { loadingOlder: true, olderFailed: false });
	changed();
	try {
		const path = one.older, { data, next } = await get(path);
		// Else newest() began anew.
		if (path === one.older) {
			take(one, data);
			one.older = next;
		}
	} catch {
		one.olderFailed = true;
	}
	one.loadingOlder = false;
	changed();
}

export const other = (uuid) => state.groups.get(uuid) ?? conversation(uuid).messages.find((message) => !mine(message));

// A message that was just sent, here or elsewhere; false if it is known.
export function added(message) {
	const { message_group_uuid: uuid, user_uuid, display_name, handle, created_at } = message;
	const one = conversations.get(uuid);
	if (one?.ready || one?.busy) insert(one, message);
	changed();
	if (seen.has(message.uuid)) return false;
	seen.add(message.uuid);
	const group = state.groups.get(uuid) ??
		{ uuid, user_uuid, display_name, handle, unread_count: 0, created_at: "", counted: "" };
	// Whom this person wrote to is not in the message.
	if (mine(message) && !group.counted) {
		refreshGroups();
		return true;
	}
	state.groups.set(uuid, group);
	if (created_at > group.created_at) Object.assign(group, { created_at, message: message.message });
	if (mine(message) || created_at <= group.counted) return true;
	group.touched = ++changes;
	if (group.unread_count < MAX_UNREAD) group.unread_count++;
	else group.unread_capped = true;
	return true;
}

function settle(uuid, made) {
	Object.assign(state.groups.get(uuid) ?? {}, unread(made), { touched: ++changes });
	changed();
}

export function readElsewhere({ message_group_uuid: uuid, message_uuid: last_read_message_uuid }) {
	if (state.groups.get(uuid)?.last_read_message_uuid === last_read_message_uuid) return;
	const last = conversations.get(uuid)?.messages.at(-1);
	if (last?.uuid === last_read_message_uuid) settle(uuid, { last_read_message_uuid, unread_count: 0 });
	else refreshGroups();
}

// All that is here of it was seen.
export async function read(uuid) {
	const one = conversation(uuid), group = state.groups.get(uuid), last = one.messages.at(-1)?.uuid;
	if (!group?.unread_count || !last || one.readUpTo === last || Date.now() < one.readAgain) return;
	const before = unread(group);
	one.readUpTo = last;
	settle(uuid, { unread_count: 0, last_read_message_uuid: last });
	const asked = changes, answer = await post(`/api/message_groups/${uuid}/read`, JSON.stringify({ message_uuid: last }))
		.catch(() => null);
	// The answer may not know of what came meanwhile.
	if (!(state.groups.get(uuid)?.touched > asked)) settle(uuid, answer ?? before);
	if (answer) return;
	Object.assign(one, { readUpTo: null, readAgain: Date.now() + AGAIN_MS });
	setTimeout(changed, AGAIN_MS);
}

export function gap() {
	conversations.forEach(expire);
	refreshGroups();
	setTimeout(refreshGroups, AGAIN_MS);
}
