// SPDX-License-Identifier: MIT
// One conversation: its messages, and the form that adds to it.
import { h, bdi, button, stamp, unseen, avatar, icon, sync } from "./dom.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";
import { MAX_CHARS, blank, clock, dayName, dayOf, length, moment, named } from "./text.js";

const TOGETHER_MS = 5 * 60000;
const NEAR_PX = 60;
const LOAD_OLDER_PX = 800;
const SHOW_LEFT = 100;

const WHY = {
	old: "It was tried a day ago and may have arrived: look before you repeat it.",
	message_group_not_found: "This conversation is not there any more.",
};
const STATES = { sending: "Sending…", waiting: "Not sent yet", failed: "Not sent" };

// Where fingers type, Enter is a new line, and no keyboard comes up uncalled.
const byFinger = () => matchMedia("(pointer: coarse)").matches;

const message = (who, text, ...meta) => h("li", unseen(`${who}: `),
	h("div.bubble", h("p.text", { dir: "auto" }, text), h("p.meta", meta)));

function sent(one) {
	const time = moment(one.created_at);
	return message(store.mine(one) ? "You" : named(one), one.message,
		time ? stamp("time", time, clock(time)) : one.created_at);
}

function unsent({ state, why, key, text }) {
	const item = message("You", text, STATES[state]);
	if (state !== "sending") {
		item.append(h("p.repair", why && h("span", WHY[why] ?? "The service did not take it."),
			button("Try again", () => outbox.retry(key)), button("Discard", () => outbox.drop(key))));
	}
	return item;
}

// `unreadAt`: the first message that was new when it was opened.
function items(messages, pending, unreadAt) {
	const list = [];
	let last = { day: null };
	const add = (key, mark, make, time, me, state = "") => {
		const today = time ? dayOf(time) : last.day, isNew = key === unreadAt;
		if (today !== last.day) {
			const name = dayName(time);
			list.push({ key: `${today} ${last.day}`, mark: name, make: () => h("li.day", h("span", name)) });
		}
		if (isNew) list.push({ key: "new", make: () => h("li.day new", h("span", "New")) });
		const follows = today === last.day && !isNew && last.me === me && time - last.time < TOGETHER_MS ? "follows" : "";
		const kind = `message ${me ? "mine" : "theirs"} ${follows} ${state}`;
		list.push({ key, mark, make, adjust: (element) => (element.className = kind) });
		last = { day: today, me, time };
	};
	for (const one of messages) add(one.uuid, "", () => sent(one), moment(one.created_at), store.mine(one));
	for (const one of pending) {
		add(one.key, one.state + one.why, () => unsent(one), new Date(one.at), true, one.state);
	}
	return list;
}

// Undefined if further back than what is here.
function firstUnread(messages, { unread_count, unread_capped } = {}) {
	const theirs = messages.filter((one) => !store.mine(one));
	return unread_count && !unread_capped ? theirs.at(-unread_count)?.uuid : undefined;
}

function composer(target, done, follow) {
	const left = h("p.left", { role: "status" });
	const text = h("textarea", {
		"aria-label": "Your message", rows: 1, placeholder: "Write a message", dir: "auto",
		oninput: changed,
		// While a word is being composed, Enter only ends that.
		onkeydown: (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && !byFinger() && submit(event),
	});

	function changed() {
		const over = length(text.value) - MAX_CHARS;
		store.state.drafts.set(target, text.value);
		text.style.height = "auto";
		text.style.height = `${text.scrollHeight + 2}px`;
		follow();
		text.setAttribute("aria-invalid", over > 0);
		left.textContent = over > 0 ? `${over} too many` : over > -SHOW_LEFT ? `${-over} left` : "";
	}

	function submit(event) {
		event.preventDefault();
		text.focus();
		if (blank(text.value) || length(text.value) > MAX_CHARS) return;
		outbox.add(target, text.value);
		text.value = "";
		changed();
		done();
	}

	text.value = store.state.drafts.get(target) ?? "";
	const form = h("form.composer", { method: "post", onsubmit: submit },
		text, left,
		h("button.round primary", { title: "Send" }, icon("send")));
	return { form, text, changed };
}

const heading = (person) => h("div.talk-head",
	h("a.round back", { href: "/messages", title: "Back to all conversations" }, icon("back")),
	person && avatar(person),
	h("div.who",
		h("h2", { id: "title", tabindex: -1 }, bdi(named(person))),
		person && h("p.soft", bdi("@" + person.handle))));

// A view (app.js) of {uuid}, or of {person} for one to be started.
export function talk({ uuid, person: stranger }) {
	const one = uuid ? store.conversation(uuid) : { messages: [], ready: true };
	const person = () => stranger ?? store.other(uuid);
	const head = h("header"), list = h("ol.messages"), top = h("div.top");
	const scroller = h("div.scroller", { tabindex: 0, role: "region", "aria-label": "Messages", onscroll: scrolled }, top, list);
	const newer = h("button.newer", { hidden: true, onclick: () => toEnd("smooth") }, "↓ New messages");
	const follow = () => atEnd ? toEnd() : scrolled();
	const { form, text, changed } = composer(uuid ?? `@${stranger.handle}`, toEnd, follow);
	const element = h("section.talk", { "aria-labelledby": "title" }, head, scroller, newer, form);
	let atEnd = true, seenTop = 0, placed, unreadAt, lastShown;

	// A keyboard that comes up, a text that grows: the end stays in sight.
	const watcher = new ResizeObserver(follow);
	watcher.observe(scroller);

	function toEnd(behavior) {
		if (matchMedia("(prefers-reduced-motion: reduce)").matches) behavior = "auto";
		scroller.scrollTo({ top: scroller.scrollHeight, behavior });
	}

	function scrolled() {
		seenTop = scroller.scrollTop;
		atEnd = scroller.scrollHeight - seenTop - scroller.clientHeight < NEAR_PX;
		newer.hidden ||= atEnd;
		if (placed && seenTop < LOAD_OLDER_PX && !one.olderFailed) store.older(uuid);
		see();
	}

	function see() {
		if (uuid && placed && !one.stale && !one.busy && atEnd && document.hasFocus()) store.read(uuid);
	}

	function above() {
		const again = (action) => button("Try again", () => action(uuid));
		if (one.error && !one.ready) return ["This conversation can't be reached. ", again(store.open)];
		if (one.olderFailed) return ["Older messages can't be reached. ", again(store.older)];
		if (!one.ready || one.older) return ["Loading…"];
		return ["This is the beginning of your conversation with ", bdi(named(person())), "."];
	}

	function draw() {
		const someone = person(), name = someone && named(someone);
		sync(head, [{ key: "head", mark: name, make: () => heading(someone) }]);
		const mark = `${[one.ready, !!one.error, one.olderFailed, !one.older, name]}`;
		sync(top, [{ key: "top", mark, make: () => h("p", ...above()) }]);
		const pending = [...outbox.pending(uuid), ...outbox.pending(`@${someone?.handle}`)];
		sync(list, items(one.messages, pending, unreadAt));
	}

	function keepPlace() {
		// A scroll whose event is to come.
		if (scroller.scrollTop !== seenTop) scrolled();
		const box = (element) => element.getBoundingClientRect(), edge = box(scroller).top;
		// Not the first day: it moves up.
		const held = !atEnd && [...list.children].slice(1).find((child) => box(child).bottom > edge);
		const before = held && box(held).top;
		draw();
		const moved = held?.isConnected && box(held).top - before;
		if (atEnd) toEnd();
		// += 0 would end a smooth scroll.
		else if (moved) scroller.scrollTop += moved;
	}

	function place() {
		unreadAt = firstUnread(one.messages, store.state.groups.get(uuid));
		keepPlace();
		const divider = list.querySelector(".new");
		// Who scrolled meanwhile stays.
		if (atEnd && divider?.offsetTop < scroller.scrollTop) scroller.scrollTop = divider.offsetTop - 12;
		placed = true;
	}

	function update() {
		const last = one.messages.at(-1);
		keepPlace();
		if (placed && !atEnd && last?.uuid !== lastShown && !store.mine(last)) newer.hidden = false;
		lastShown = last?.uuid;
		if (!placed && one.ready && !one.stale && !one.busy) place();
		if (one.stale && !one.error) store.open(uuid);
		scrolled();
	}

	function focus() {
		changed();
		(byFinger() ? head.querySelector("h2") : text).focus();
	}

	return {
		uuid, person: stranger, element, update, focus, see,
		close: () => watcher.disconnect(), missing: () => one.error?.status === 404,
	};
}
