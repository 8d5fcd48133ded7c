// SPDX-License-Identifier: MIT
// The page as a whole: who is here, which address is shown, and what comes in from outside.
import { h, unseen, icon, announce } from "./dom.js";
import { configure } from "./cognito.js";
import { get, ApiError } from "./api.js";
import { Live } from "./live.js";
import { signInPage, problemPage } from "./signin.js";
import { groupList, unreadTotal } from "./list.js";
import { talk, arrived, forgetDrafts } from "./talk.js";
import { named, plain } from "./text.js";
import * as session from "./session.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";

const NAME = "Cruddur";
// Shorter interruptions are nobody's concern.
const QUIET_MS = 4000;
// Without a live channel the page looks for itself this often.
const POLL_MS = 15000;
// A window that was out of sight for longer catches up.
const HIDDEN_MS = 20000;

const root = document.getElementById("app");
let list, pane, current, notice, hiddenAt = 0, offTimer = 0, pollTimer = 0, route = 0;

const live = new Live({
	gap() {
		store.gap();
		outbox.kick();
	},
	state(is) {
		store.live(is);
		root.dataset.live = is ? "on" : "off";
		clearTimeout(offTimer);
		clearInterval(pollTimer);
		if (is) return connection();
		offTimer = setTimeout(connection, QUIET_MS);
		pollTimer = setInterval(() => document.visibilityState === "visible" && store.gap(), POLL_MS);
	},
	event(type, data) {
		let event;
		try {
			event = JSON.parse(data);
		} catch {
			return;
		}
		if (type === "read") store.readElsewhere(event);
		else if (type === "message" && store.added(event) && !store.mine(event)) {
			arrived(event, current?.uuid === event.message_group_uuid);
		}
	},
});

// --- pages ---

function title() {
	const count = session.signedIn() ? unreadTotal() : 0;
	const person = current?.person ?? (current?.uuid && store.state.me ? store.other(current.uuid) : null);
	document.title = `${count ? `(${count}) ` : ""}${person ? `${named(person)} · ` : ""}${NAME}`;
}

function whole(page) {
	current?.close?.();
	current = null;
	list = null;
	root.replaceChildren(page);
	document.title = NAME;
	page.querySelector("input, button")?.focus();
}

const retry = (action) => h("button", { class: "primary", onclick: action }, "Try again");
const leave = () => h("button", { class: "plain", onclick: () => session.end("left") }, "Sign out");

function connection() {
	if (!notice) return;
	notice.textContent = !navigator.onLine ? "You are offline. What you write is sent when you are back."
		: store.state.live ? "" : "The connection is interrupted. Trying again…";
}

function shell() {
	list = groupList();
	notice = h("p", { class: "notice", role: "status" });
	pane = h("div", { class: "pane" });
	const { me } = store.state;
	root.replaceChildren(
		h("header", { class: "bar" },
			h("a", { href: "/messages", class: "brand" }, h("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }), NAME),
			h("span", { class: "me", title: `@${plain(me.handle)}` }, unseen("Signed in as "), h("bdi", null, me.display_name || me.handle)),
			h("button", { class: "round", title: "Sign out", onclick: () => session.end("left") }, icon("leave"), unseen("Sign out"))),
		notice,
		h("main", { id: "main", tabindex: -1 }, h("h1", { class: "unseen" }, "Messages"), list.element, pane));
	connection();
}

// show(view): what is right of the list, or instead of it where there is no room for both.
function show(view) {
	if (current !== view) current?.close?.();
	current = view;
	root.dataset.pane = view.idle ? "list" : "talk";
	pane.replaceChildren(view.element);
	list.show(view.uuid);
	view.update?.();
	title();
	view.focus?.();
}

const note = (heading, ...content) => h("section", { class: "blank", "aria-labelledby": "talk-title" },
	h("h2", { id: "talk-title", tabindex: -1 }, heading), ...content);

const message = (heading, text) => ({
	element: note(heading, h("p", null, text), h("p", null, h("a", { href: "/messages" }, "All conversations"))),
	focus: () => document.getElementById("talk-title").focus(),
});

const notFound = () => message("Not found", "There is nothing at this address, or it is not yours to see.");

function askHandle() {
	const input = h("input", { id: "handle", autocapitalize: "none", spellcheck: "false", autocomplete: "off", required: true });
	const submit = (event) => {
		event.preventDefault();
		const handle = input.value.trim().replace(/^@/, "");
		if (handle) navigate(`/messages/new/${encodeURIComponent(handle)}`);
		else input.focus();
	};
	return {
		element: note("New message", h("form", { method: "post", novalidate: true, onsubmit: submit },
			h("div", { class: "field" }, h("label", { for: "handle" }, "Handle of the person"), input),
			h("button", { class: "primary", type: "submit" }, "Write"))),
		focus: () => input.focus(),
	};
}

// newTalk(handle): the person, or the conversation that there is with them.
async function newTalk(handle) {
	const mine = route;
	let view;
	try {
		if (!store.state.listed) await store.refreshGroups();
		const group = store.groupOf(handle);
		if (group) return mine === route && navigate(`/messages/${group.uuid}`, true);
		const person = (await get(`/api/users/@${encodeURIComponent(handle)}/short`)).data;
		view = person.handle === store.state.me.handle
			? message("That is you", "Messages go to somebody else.")
			: { ...talk({ person }), person };
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		view = error.status === 404 || error.status === 400
			? message("Nobody of that name", `There is no @${plain(handle)} here.`)
			: { element: note("No answer", h("p", null, "The service can't be reached."), retry(render)) };
	}
	if (mine === route) show(view);
}

function decode(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return null;
	}
}

async function render() {
	route++;
	const path = location.pathname;
	const [, uuid] = /^\/messages\/([0-9a-f-]{36})$/i.exec(path) ?? [];
	const [, handle] = /^\/messages\/new\/([^/]+)$/.exec(path) ?? [];
	if (path === "/" || path === "/messages") {
		show({
			idle: true,
			element: note("Choose a conversation", h("p", null, "or ", h("a", { href: "/messages/new" }, "write to somebody"), ".")),
		});
		if (matchMedia("(max-width: 759px)").matches) document.getElementById("main").focus();
	} else if (path === "/messages/new") show(askHandle());
	else if (handle && decode(handle)) newTalk(decode(handle).replace(/^@/, ""));
	else if (uuid) {
		show({ ...talk({ uuid: uuid.toLowerCase() }), uuid: uuid.toLowerCase() });
		store.open(uuid.toLowerCase());
	} else show(notFound());
}

function navigate(path, replace) {
	history[replace ? "replaceState" : "pushState"](null, "", path);
	render();
}

// --- who is here ---

function signIn(why) {
	whole(signInPage(why === "ended" ? "Your session has ended. Sign in to go on." : null, (tokens) => {
		session.begin(tokens);
		enter();
	}));
}

async function enter() {
	try {
		await store.load();
	} catch (error) {
		if (!session.signedIn()) return;
		if (error.codes?.includes("cognito_user_id_not_found")) {
			whole(problemPage("Not set up yet", "Your account has no profile here yet. Ask whoever runs this service.", leave()));
		} else whole(problemPage("No answer", "The service can't be reached just now.", retry(enter), leave()));
		return;
	}
	outbox.open(store.state.me.uuid, { change: drawn, sent });
	shell();
	render();
	store.refreshGroups();
	live.start();
}

function sent(answer, entry) {
	store.added(answer);
	if (current?.person && entry.to === `@${current.person.handle}`) navigate(`/messages/${answer.message_group_uuid}`, true);
}

session.onEnd((why) => {
	live.stop();
	clearTimeout(offTimer);
	clearInterval(pollTimer);
	outbox.close(why === "ended");
	if (why === "left") {
		forgetDrafts();
		history.replaceState(null, "", "/");
	}
	store.forget();
	signIn(why);
});

// --- what changes, and when it is drawn ---

let due = false;
function drawn() {
	if (due || !list) return;
	due = true;
	queueMicrotask(() => {
		due = false;
		if (!list) return;
		if (current?.missing?.()) return show(notFound());
		list.show(current?.uuid);
		current?.update?.();
		title();
	});
}
store.onChange(drawn);

document.addEventListener("click", (event) => {
	const link = event.target.closest?.("a[href^='/']");
	if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	if (link.pathname !== location.pathname) navigate(link.pathname);
});
document.addEventListener("keydown", (event) => {
	if (event.key === "Escape" && list && location.pathname !== "/messages" && !event.isComposing) navigate("/messages");
});
addEventListener("popstate", () => list && render());
addEventListener("focus", () => current?.see?.());
addEventListener("online", () => {
	connection();
	live.wake();
	outbox.kick();
});
addEventListener("offline", () => {
	connection();
	announce("You are offline.");
});
document.addEventListener("visibilitychange", () => {
	if (document.visibilityState !== "visible") {
		hiddenAt = Date.now();
		return;
	}
	if (!list) return;
	live.wake();
	if (Date.now() - hiddenAt > HIDDEN_MS) store.gap();
	current?.see?.();
});
addEventListener("beforeunload", (event) => {
	if (outbox.unsent()) event.preventDefault();
});

async function begin() {
	try {
		await configure();
	} catch {
		return whole(problemPage("No answer", "The service can't be reached just now.", retry(begin)));
	}
	if (await session.adopt()) enter();
	else signIn();
}

begin();
