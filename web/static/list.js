// SPDX-License-Identifier: MIT
// The list of conversations.
import { h, bdi, unseen, avatar, icon, sync } from "./dom.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";
import { full, lately, moment } from "./text.js";

const unread = (group) => (group.unread_count ? `${group.unread_count}${group.unread_capped ? "+" : ""}` : "");

function row(group, current) {
	const time = moment(group.created_at);
	const count = unread(group);
	const failed = outbox.failed(group.uuid);
	const link = h("a", {
		href: `/messages/${group.uuid}`, class: count ? "row unread" : "row", "aria-current": current ? "page" : null,
	},
	avatar(group),
	h("span", { class: "row-name" }, bdi(group.display_name || "@" + group.handle)),
	time && h("time", { class: "row-time", datetime: time.toISOString(), title: full(time) }, lately(time)),
	h("span", { class: "row-text", dir: "auto" }, group.message ?? ""),
	failed && h("span", { class: "badge wrong" }, "!", unseen("A message was not sent")),
	count && h("span", { class: "badge" }, count, unseen(" unread")));
	return h("li", null, link);
}

function arrows(event) {
	if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
	const links = [...event.currentTarget.querySelectorAll("a, button")];
	const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
	if (!links[at]) return;
	event.preventDefault();
	links[at].focus();
}

// groupList(): {element, show(uuid)}; `show` draws it anew, with that conversation as the current one.
export function groupList() {
	const rows = h("ul", { class: "rows" });
	const note = h("div", { class: "list-note" });
	const scroller = h("div", { class: "list-scroll", onscroll: near }, rows, note);
	const element = h("nav", { class: "list", "aria-labelledby": "list-title", onkeydown: arrows },
		h("div", { class: "list-head" },
			h("h2", { id: "list-title" }, "Messages"),
			h("a", { href: "/messages/new", class: "round", title: "New message" }, icon("write"), unseen("New message"))),
		scroller);

	function near() {
		if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 300) store.moreGroups();
	}

	function below(count) {
		const { listed, failed, more } = store.state;
		if (!listed && failed) {
			return [h("p", null, "Your conversations can't be reached."),
				h("button", { onclick: store.refreshGroups }, "Try again")];
		}
		if (!listed) return [h("p", null, "Loading…")];
		if (more) return [h("button", { onclick: store.moreGroups }, "Older conversations")];
		if (count) return [];
		return [h("p", null, "Nothing here yet."), h("p", null, h("a", { href: "/messages/new" }, "Write to somebody"))];
	}

	function show(current) {
		const groups = store.groups();
		sync(rows, groups.map((group) => ({
			key: group.uuid,
			mark: JSON.stringify([group.display_name, group.handle, group.message, group.created_at, unread(group),
				outbox.failed(group.uuid), current === group.uuid, new Date().toDateString()]),
			make: () => row(group, current === group.uuid),
		})));
		// Redrawn only when it says something else: a button that has the focus keeps it.
		const state = JSON.stringify([store.state.listed, store.state.failed, !!store.state.more, groups.length > 0]);
		if (note.dataset.mark !== state) note.replaceChildren(...below(groups.length));
		note.dataset.mark = state;
	}

	return { element, show };
}

// unreadTotal(): how many conversations have something new.
export const unreadTotal = () => store.groups().filter((group) => group.unread_count > 0).length;
