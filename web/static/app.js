// SPDX-License-Identifier: MIT
// The whole page: who is here, which address is shown, what comes in. A view is {element} and, as needed,
// uuid, person, update(), focus(), see(), close(), missing().
import { h, bdi, button, logo, unseen, icon, announce } from "./dom.js";
import { configure } from "./cognito.js";
import { get, ApiError } from "./api.js";
import { live } from "./live.js";
import { signInPage, card, field } from "./signin.js";
import { groupList, unreadTotal } from "./list.js";
import { talk } from "./talk.js";
import { named, plain } from "./text.js";
import * as session from "./session.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";

const QUIET_MS = 4000;

const root = document.getElementById("app");
let list, pane, notice, current, offTimer, route = 0;

const stream = live({
	gap: store.gap,
	look: store.refreshGroups,
	state(isLive) {
		root.dataset.live = isLive;
		clearTimeout(offTimer);
		if (isLive) connection();
		else offTimer = setTimeout(connection, QUIET_MS);
	},
	event(type, data) {
		const event = JSON.parse(data);
		if (type === "read") store.readElsewhere(event);
		if (type !== "message" || !store.added(event) || store.mine(event)) return;
		announce(current?.uuid === event.message_group_uuid ? `${named(event)}: ${event.message}`
			: `New message from ${named(event)}`);
	},
});

function connection() {
	if (!list) return;
	notice.textContent = !navigator.onLine ? "You are offline. What you write is sent when you are back."
		: root.dataset.live !== "false" ? "" : "The connection is interrupted. Trying again…";
}

function title() {
	const unread = unreadTotal();
	const person = current?.person ?? (current?.uuid && store.other(current.uuid));
	document.title = `${unread ? `(${unread}) ` : ""}${person ? `${named(person)} · ` : ""}Cruddur`;
}

function whole(page) {
	current?.close?.();
	current = list = null;
	document.title = "Cruddur";
	root.replaceChildren(page);
	page.querySelector("input, button")?.focus();
}

const signOut = () => session.end("left");
const noAnswer = (next, ...more) => {
	const again = () => (clearTimeout(offTimer), next());
	whole(card("No answer", "The service can't be reached just now.", button("Try again", again), ...more));
	offTimer = setTimeout(again, 3 * QUIET_MS);
};

function frame() {
	list = groupList();
	pane = h("div.pane");
	notice = h("p.notice", { role: "status" });
	root.replaceChildren(
		h("header.bar",
			h("a.brand", { href: "/messages" }, logo(28), "Cruddur"),
			h("span.me", unseen("Signed in as "), bdi(named(store.state.me))),
			h("button.round", { title: "Sign out", onclick: signOut }, icon("leave"))),
		notice,
		h("main.frame", { id: "main", tabindex: -1 }, h("h1.unseen", "Messages"), list.element, pane));
	connection();
}

function show(view) {
	current?.close?.();
	current = view;
	root.dataset.pane = view.idle ? "list" : "talk";
	pane.replaceChildren(view.element);
	list.show(view.uuid);
	view.update?.();
	title();
	view.focus?.();
}

const words = (heading, ...content) => {
	const focus = h("h2", { id: "title", tabindex: -1 }, heading);
	return { element: h("section.blank", { "aria-labelledby": "title" }, focus, ...content), focus: () => focus.focus() };
};
const message = (heading, text) => words(heading, h("p", text), h("a", { href: "/messages" }, "All conversations"));
const idle = () => ({
	...words("Choose a conversation", h("p", "or ", h("a", { href: "/messages/new" }, "write to somebody"), ".")),
	idle: true, focus: null,
});
const notFound = () => message("Not found", "There is nothing at this address, or it is not yours to see.");

function askHandle() {
	const handle = field("handle", "Handle of the person", { autocomplete: "off" }), input = handle.lastChild;
	const onsubmit = (event) => {
		event.preventDefault();
		const name = input.value.trim().replace(/^@/, "");
		if (name) navigate(`/messages/new/${encodeURIComponent(name)}`);
	};
	return {
		...words("New message", h("form", { method: "post", onsubmit }, handle, h("button.primary", "Write"))),
		focus: () => input.focus(),
	};
}

async function newTalk(handle) {
	const mine = route;
	let view;
	try {
		// Handles change hands, and rows have copies.
		const person = (await get(`/api/users/@${encodeURIComponent(handle)}/short`)).data;
		if (!store.state.listed) await store.refreshGroups();
		const group = store.groups().find(({ user_uuid }) => user_uuid === person.uuid);
		if (group) return mine === route && navigate(`/messages/${group.uuid}`, true);
		view = person.uuid === store.state.me.uuid ? message("That is you", "Messages go to somebody else.") : talk({ person });
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		view = error.passing ? words("No answer", h("p", "The service can't be reached."), button("Try again", render))
			: message("Nobody of that name", `There is no @${plain(handle)} here.`);
	}
	if (mine === route) show(view);
}

function render() {
	const path = location.pathname;
	const uuid = /^\/messages\/([0-9a-f-]{36})$/i.exec(path)?.[1].toLowerCase();
	const handle = /^\/messages\/new\/([^/]+)$/.exec(path)?.[1];
	route++;
	if (path === "/" || path === "/messages") {
		show(idle());
		// On a phone what had the focus is gone.
		if (route > 1 && document.activeElement === document.body) document.getElementById("main").focus();
	} else if (path === "/messages/new") show(askHandle());
	else if (handle) newTalk(decodeURIComponent(handle).replace(/^@/, ""));
	else show(uuid ? talk({ uuid }) : notFound());
}

function navigate(path, replace) {
	history[replace ? "replaceState" : "pushState"](null, "", path);
	render();
}

const signIn = (why) => whole(signInPage(
	why === "ended" ? "Your session has ended. Sign in to go on." : "Direct messages, and nothing else.", (tokens) => {
		session.begin(tokens);
		enter();
	}));

async function enter() {
	const leave = button("Sign out", signOut), error = await store.load().catch((failure) => failure);
	if (!session.signedIn()) return;
	if (error?.codes?.includes("cognito_user_id_not_found")) {
		return whole(card("Not set up yet", "Your account has no profile here. Ask whoever runs this service.", leave));
	}
	if (error) return noAnswer(enter, leave);
	frame();
	outbox.open(store.state.me.uuid, { change: draw, sent });
	render();
	store.refreshGroups();
	stream.start();
}

function sent(answer, { to }) {
	store.added(answer);
	if (current?.person && to === `@${current.person.handle}`) navigate(`/messages/${answer.message_group_uuid}`, true);
}

session.onEnd((why) => {
	stream.stop();
	delete root.dataset.live;
	clearTimeout(offTimer);
	outbox.close(why === "ended");
	if (why === "left") history.replaceState(null, "", "/");
	store.forget();
	signIn(why);
});

async function begin() {
	try {
		await configure();
	} catch {
		return noAnswer(begin);
	}
	if (await session.adopt()) enter();
	else signIn();
}

let due = false;
function draw() {
	if (due) return;
	due = true;
	queueMicrotask(() => {
		due = false;
		if (!list) return;
		if (current?.missing?.()) show(notFound());
		list.show(current?.uuid);
		current?.update?.();
		title();
	});
}
store.onChange(draw);

document.addEventListener("click", (event) => {
	const link = event.target.closest("a[href^='/']");
	if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	if (link.pathname !== location.pathname) navigate(link.pathname);
});
addEventListener("popstate", () => list && render());
addEventListener("focus", () => current?.see?.());
addEventListener("offline", connection);
addEventListener("online", () => {
	connection();
	stream.wake();
	outbox.kick();
});
document.addEventListener("visibilitychange", () => {
	if (document.hidden) return;
	stream.wake();
	current?.see?.();
});
addEventListener("beforeunload", (event) => outbox.unsent() && event.preventDefault());

begin();
