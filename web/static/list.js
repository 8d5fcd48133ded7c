// SPDX-License-Identifier: MIT
// The list of conversations.
import { h, bdi, button, stamp, unseen, avatar, icon, sync } from "./dom.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";
import { lately, moment, named } from "./text.js";

const count = ({ unread_count, unread_capped }) => unread_count && `${unread_count}${unread_capped ? "+" : ""}`;

function row(group, isCurrent) {
	const time = moment(group.created_at), unread = count(group);
	return h("li", h(unread ? "a.row unread" : "a.row", {
		href: `/messages/${group.uuid}`, "aria-current": isCurrent && "page",
	}, avatar(group),
	h("span.row-name", bdi(named(group))),
	time && stamp("row-time", time, lately(time)),
	h("span.row-text", { dir: "auto" }, group.message ?? ""),
	outbox.failed(group.uuid) ? h("span.badge wrong", "!", unseen("A message was not sent"))
		: unread && h("span.badge", unread, unseen(" unread"))));
}

function below({ listed, failed, more }, isEmpty) {
	if (!listed) {
		return failed ? ["Your conversations can't be reached. ", button("Try again", store.refreshGroups)] : ["Loading…"];
	}
	if (more) return [button("Older conversations", store.moreGroups)];
	return isEmpty ? ["Nothing here yet. ", h("a", { href: "/messages/new" }, "Write to somebody")] : [];
}

export function groupList() {
	const rows = h("ul"), note = h("div.list-note");
	const element = h("nav.list", { "aria-labelledby": "list-title" },
		h("div.list-head", h("h2", { id: "list-title" }, "Messages"),
			h("a.round", { href: "/messages/new", title: "New message" }, icon("write"))),
		h("div.list-scroll", rows, note));

	function show(current) {
		const groups = store.groups(), today = new Date().toDateString();
		sync(rows, groups.map((group) => ({
			key: group.uuid,
			mark: `${[group.display_name, group.message, group.created_at, count(group), outbox.failed(group.uuid),
				current === group.uuid, today]}`,
			make: () => row(group, current === group.uuid),
		})));
		const { listed, failed, more } = store.state, isEmpty = !groups.length;
		sync(note, [{ key: "note", mark: `${[listed, failed, !!more, isEmpty]}`, make: () => h("p", ...below(store.state, isEmpty)) }]);
	}

	return { element, show };
}

export const unreadTotal = () => store.groups().filter(count).length;
