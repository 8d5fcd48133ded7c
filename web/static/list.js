// SPDX-License-Identifier: MIT
// The list of conversations.
import { h, bdi, unseen, avatar, icon, sync } from "./dom.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";
import { full, lately, moment } from "./text.js";

const NEAR_PX = 300;

const count = ({ unread_count, unread_capped }) => unread_count > 0 && `${unread_count}${unread_capped ? "+" : ""}`;

function row(group, isCurrent) {
	const time = moment(group.created_at), unread = count(group);
	return h("li", h(unread ? "a.row unread" : "a.row", {
		href: `/messages/${group.uuid}`, "aria-current": isCurrent && "page",
	}, avatar(group),
	h("span.row-name", bdi(group.display_name || "@" + group.handle)),
	time && h("time.row-time", { datetime: time.toISOString(), title: full(time) }, lately(time)),
	h("span.row-text", { dir: "auto" }, group.message ?? ""),
	outbox.failed(group.uuid) ? h("span.badge wrong", "!", unseen("A message was not sent"))
		: unread && h("span.badge", unread, unseen(" unread"))));
}

function arrows(event) {
	const links = [...event.currentTarget.querySelectorAll("a, button")];
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	const to = step && links[links.indexOf(document.activeElement) + step];
	if (!to) return;
	event.preventDefault();
	to.focus();
}

function below(isEmpty) {
	const { listed, failed, more } = store.state;
	const button = (text, action) => h("button", { onclick: action }, text);
	if (!listed) {
		return failed ? ["Your conversations can't be reached.", button("Try again", store.refreshGroups)] : ["Loading…"];
	}
	if (more) return [button("Older conversations", store.moreGroups)];
	return isEmpty ? ["Nothing here yet.", h("a", { href: "/messages/new" }, "Write to somebody")] : [];
}

// groupList(): {element, show(uuid)}; `show` draws it anew, with that conversation as the current one.
export function groupList() {
	const rows = h("ul"), note = h("div.list-note");
	const near = ({ target: { scrollHeight, scrollTop, clientHeight } }) =>
		scrollHeight - scrollTop - clientHeight < NEAR_PX && store.moreGroups();
	const element = h("nav.list", { "aria-labelledby": "list-title", onkeydown: arrows },
		h("div.list-head", h("h2", { id: "list-title" }, "Messages"),
			h("a.round", { href: "/messages/new", title: "New message" }, icon("write"), unseen("New message"))),
		h("div.list-scroll", { onscroll: near }, rows, note));

	function show(current) {
		const groups = store.groups(), today = new Date().toDateString();
		sync(rows, groups.map((group) => ({
			key: group.uuid,
			mark: [group.display_name, group.handle, group.message, group.created_at, count(group),
				outbox.failed(group.uuid), current === group.uuid, today].join(),
			make: () => row(group, current === group.uuid),
		})));
		// Redrawn only when it says something else: a button that has the focus keeps it.
		const { listed, failed, more } = store.state, mark = [listed, failed, !!more, !groups.length].join();
		if (note.dataset.mark !== mark) note.replaceChildren(...below(!groups.length));
		note.dataset.mark = mark;
	}

	return { element, show };
}

// How many conversations have something new.
export const unreadTotal = () => store.groups().filter(count).length;
