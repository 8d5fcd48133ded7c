// SPDX-License-Identifier: MIT
// One conversation: its messages, and the form that adds to it. Also one that does not exist yet.
import { h, bdi, unseen, avatar, icon, sync, announce } from "./dom.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";
import { MAX_CHARS, blank, clock, day, dayOf, full, length, moment, named } from "./text.js";

// Messages of one person within this stand together.
const TOGETHER_MS = 5 * 60000;
// This close to an end counts as being there.
const NEAR_PX = 60;
const LOAD_OLDER_PX = 800;
const SHOW_LEFT = 100;

const WHY = {
	unavailable: "The service did not take it.",
	old: "It was tried a day ago and may have arrived: look before you repeat it.",
	message_group_not_found: "This conversation is not there any more.",
	user_receiver_handle_not_found: "There is nobody of that name.",
	message_exceed_max_chars: "It is too long.",
};

const drafts = new Map();
export const forgetDrafts = () => drafts.clear();

function body(text, time, note) {
	return h("div", { class: "bubble" },
		h("p", { class: "text", dir: "auto" }, text),
		h("p", { class: "meta" }, note, time && h("time", { datetime: time.toISOString(), title: full(time) }, clock(time))));
}

function sent(message) {
	const time = moment(message.created_at);
	const who = store.mine(message) ? "You" : named(message);
	return h("li", null, unseen(`${who}: `), body(message.message, time, time ? null : message.created_at));
}

function unsent(entry) {
	const { state, why, key } = entry;
	const note = state === "sending" ? "Sending…" : state === "waiting" ? "Not sent yet" : "Not sent";
	const item = h("li", null, unseen("You: "), body(entry.text, null, note));
	if (state === "sending") return item;
	item.append(h("p", { class: "repair" },
		why && h("span", null, WHY[why] ?? "It was refused."),
		h("button", { onclick: () => outbox.retry(key) }, "Try again"),
		h("button", { onclick: () => outbox.drop(key) }, "Discard")));
	return item;
}

// items(): what stands in the list, for sync(). `unreadAt` is the first message that was not read when it was opened.
function items(messages, pending, unreadAt) {
	const list = [];
	let last = { day: "" };
	const add = (key, mark, make, { time, me, wrong }) => {
		const today = time ? dayOf(time) : last.day;
		const divided = key === unreadAt;
		if (today !== last.day) {
			list.push({
				key: `day ${today} ${list.length && last.day}`, mark: day(time),
				make: () => h("li", { class: "day" }, h("span", null, day(time))),
			});
		}
		if (divided) {
			list.push({ key: "unread", make: () => h("li", { class: "day new" }, h("span", null, "New")) });
		}
		const follows = today === last.day && !divided && last.me === me && time - last.time < TOGETHER_MS;
		list.push({
			key, mark, make,
			adjust: (element) => (element.className =
				`message ${me ? "mine" : "theirs"}${follows ? " follows" : ""}${wrong ? ` ${wrong}` : ""}`),
		});
		last = { day: today, me, time };
	};
	for (const message of messages) {
		add(message.uuid, "", () => sent(message), { time: moment(message.created_at), me: store.mine(message) });
	}
	for (const entry of pending) {
		add(entry.key, entry.state + entry.why, () => unsent(entry),
			{ time: new Date(entry.at), me: true, wrong: entry.state });
	}
	return list;
}

// firstUnread(): counted from the end; null when it is further back than what is here.
function firstUnread({ messages }, group) {
	let left = group?.unread_capped ? 0 : group?.unread_count ?? 0;
	if (!left) return null;
	for (let i = messages.length - 1; i >= 0; i--) {
		if (!store.mine(messages[i]) && --left === 0) return messages[i].uuid;
	}
	return null;
}

function composer(target) {
	const left = h("p", { class: "left", role: "status" });
	const text = h("textarea", {
		id: "text", rows: 1, placeholder: "Write a message", dir: "auto", enterkeyhint: "send", "aria-describedby": "left",
		oninput: changed, onkeydown: key,
	});
	left.id = "left";
	const form = h("form", { class: "composer", method: "post", onsubmit: submit },
		h("label", { for: "text", class: "unseen" }, "Your message"), text, left,
		h("button", { type: "submit", class: "round primary", title: "Send" }, icon("send"), unseen("Send")));

	function changed() {
		const chars = length(text.value), over = chars > MAX_CHARS;
		drafts.set(target(), text.value);
		text.style.height = "auto";
		text.style.height = `${text.scrollHeight + 2}px`;
		text.setAttribute("aria-invalid", over);
		left.className = over ? "left error" : "left";
		left.textContent = over ? `${chars - MAX_CHARS} too many`
			: chars > MAX_CHARS - SHOW_LEFT ? `${MAX_CHARS - chars} left` : "";
	}

	// Where there is a real keyboard Enter sends. While a word is being composed, it only ends that.
	function key(event) {
		if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
		event.preventDefault();
		submit(event);
	}

	function submit(event) {
		event.preventDefault();
		text.focus();
		if (blank(text.value) || length(text.value) > MAX_CHARS) return;
		outbox.add(target(), text.value);
		text.value = "";
		changed();
		form.dispatchEvent(new Event("sent"));
	}

	text.value = drafts.get(target()) ?? "";
	return { form, text, changed };
}

const heading = (person) => h("header", { class: "talk-head" },
	h("a", { href: "/messages", class: "round back", title: "Back" }, icon("back"), unseen("Back to all conversations")),
	person && avatar(person),
	h("div", { class: "who" },
		h("h2", { id: "talk-title", tabindex: -1 }, person ? bdi(person.display_name || "@" + person.handle) : "Conversation"),
		person && h("p", { class: "soft" }, bdi("@" + person.handle))));

// talk(to): {element, update(), focus(), close()}. `to` has `uuid`, or `person` for a conversation to be started.
export function talk(to) {
	const one = to.uuid ? store.conversation(to.uuid) : { messages: [], ready: true, older: null };
	const person = () => to.person ?? store.other(to.uuid);
	const list = h("ol", { class: "messages" });
	const top = h("div", { class: "top" });
	const scroller = h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Messages", onscroll: scrolled },
		top, list);
	const newer = h("button", { class: "newer", hidden: true, onclick: () => toEnd("smooth") }, icon("down"), "New messages");
	const { form, text, changed } = composer(() => to.uuid ?? `@${to.person.handle}`);
	let head = heading(person());
	const element = h("section", { class: "talk", "aria-labelledby": "talk-title" }, head, scroller, newer, form);
	let placed = false, atEnd = true, unreadAt = null, known = null, shown;

	form.addEventListener("sent", () => toEnd());
	const watcher = new ResizeObserver(() => atEnd && toEnd());
	watcher.observe(scroller);

	const still = matchMedia("(prefers-reduced-motion: reduce)");
	function toEnd(behavior) {
		scroller.scrollTo({ top: scroller.scrollHeight, behavior: still.matches ? "auto" : behavior });
	}

	function scrolled() {
		atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
		if (atEnd) newer.hidden = true;
		if (placed && one.older && !one.olderFailed && scroller.scrollTop < LOAD_OLDER_PX) store.older(to.uuid);
		see();
	}

	// Read is what was on a screen that somebody looks at.
	function see() {
		const looking = document.visibilityState === "visible" && document.hasFocus();
		if (to.uuid && placed && one.ready && !one.stale && atEnd && looking) store.read(to.uuid);
	}

	function above() {
		const name = named(person());
		if (!one.ready) return one.error ? unreachable() : [h("p", null, "Loading…")];
		if (one.olderFailed) {
			return [h("p", null, "Older messages can't be reached. ",
				h("button", { onclick: () => store.older(to.uuid) }, "Try again"))];
		}
		if (one.older) return [h("p", null, one.loadingOlder ? "Loading older messages…" : "")];
		return [h("p", { class: "start" }, "This is the beginning of your conversation with ", bdi(name), ".")];
	}

	const unreachable = () => [h("p", null, "This conversation can't be reached. ",
		h("button", { onclick: () => store.open(to.uuid) }, "Try again"))];

	// The message at the upper edge stays where it is, whatever comes in above or below.
	function keepPlace(draw) {
		const edge = scroller.getBoundingClientRect().top;
		const held = atEnd ? null : [...list.children].find((child) => child.getBoundingClientRect().bottom > edge);
		const before = held?.getBoundingClientRect().top;
		draw();
		if (held?.isConnected) scroller.scrollTop += held.getBoundingClientRect().top - before;
		else if (atEnd) toEnd();
	}

	function place() {
		if (placed || !one.ready || one.stale || one.busy) return;
		placed = true;
		unreadAt = firstUnread(one, store.state.groups.get(to.uuid));
		draw();
		toEnd();
		const divider = list.querySelector(".new");
		if (divider && divider.offsetTop < scroller.scrollTop) scroller.scrollTop = divider.offsetTop - 12;
		scrolled();
	}

	function draw() {
		const someone = person();
		if (someone && named(someone) !== known) {
			const made = heading(someone), focused = head.contains(document.activeElement);
			head.replaceWith(made);
			if (focused) made.querySelector("h2").focus();
			head = made;
			known = named(someone);
		}
		const pending = [...(to.uuid ? outbox.pending(to.uuid) : []),
			...(someone ? outbox.pending(`@${someone.handle}`) : [])];
		const state = JSON.stringify([one.ready, one.error?.status, one.olderFailed, one.older, one.loadingOlder, known]);
		if (top.dataset.mark !== state) top.replaceChildren(...above());
		top.dataset.mark = state;
		sync(list, items(one.messages, pending, unreadAt));
	}

	function update() {
		keepPlace(draw);
		const last = one.messages.at(-1);
		if (placed && !atEnd && last && last.uuid !== shown && !store.mine(last)) newer.hidden = false;
		shown = last?.uuid;
		place();
		if (one.stale && !one.error && !one.busy) store.open(to.uuid);
		see();
	}

	function focus() {
		changed();
		(matchMedia("(pointer: coarse)").matches ? element.querySelector("#talk-title") : text).focus();
	}

	const close = () => watcher.disconnect();
	return { element, update, focus, close, see, missing: () => one.error?.status === 404 };
}

// arrived(): a message of somebody else, said aloud.
export const arrived = (message, here) => announce(here ? `${named(message)}: ${message.message}`
	: `New message from ${named(message)}`);
