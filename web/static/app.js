// SPDX-License-Identifier: MIT
// The page as a whole: who is here, which address is shown, and what comes in from outside. A view is {element} with,
// as it needs them, uuid, person, update(), focus(), see(), close(), missing().
import { h, bdi, unseen, icon, announce } from "./dom.js";
import { configure } from "./cognito.js";
import { get, ApiError } from "./api.js";
import { live } from "./live.js";
import { signInPage, card } from "./signin.js";
import { groupList, unreadTotal } from "./list.js";
import { talk, forgetDrafts } from "./talk.js";
import { named, plain } from "./text.js";
import * as session from "./session.js";
import * as store from "./store.js";
import * as outbox from "./outbox.js";

// Shorter interruptions are nobody's concern.
const QUIET_MS = 4000;
// Without a live channel the page looks for itself this often.
const POLL_MS = 15000;
// A window that was out of sight for longer catches up.
const HIDDEN_MS = 20000;

const root = document.getElementById("app");
let list, pane, notice, current, hiddenAt = 0, offTimer, pollTimer, route = 0;

const stream = live({
	gap() {
		store.gap();
		outbox.kick();
	},
	state(isLive) {
		store.state.live = isLive;
		root.dataset.live = isLive ? "on" : "off";
		quiet();
		if (isLive) return connection();
		offTimer = setTimeout(connection, QUIET_MS);
		pollTimer = setInterval(() => document.visibilityState === "visible" && store.gap(), POLL_MS);
	},
	event(type, data) {
		const event = JSON.parse(data);
		if (type === "read") store.readElsewhere(event);
		if (type !== "message" || !store.added(event) || store.mine(event)) return;
		announce(current?.uuid === event.message_group_uuid ? `${named(event)}: ${event.message}`
			: `New message from ${named(event)}`);
	},
});

function quiet() {
	clearTimeout(offTimer);
	clearInterval(pollTimer);
}

function connection() {
	if (!list) return;
	notice.textContent = !navigator.onLine ? "You are offline. What you write is sent when you are back."
		: store.state.live ? "" : "The connection is interrupted. Trying again…";
}

// --- pages ---

function title() {
	const unread = unreadTotal();
	const person = current?.person ?? (current?.uuid && store.other(current.uuid));
	document.title = `${unread ? `(${unread}) ` : ""}${person ? `${named(person)} · ` : ""}Cruddur`;
}

// A page without the frame.
function whole(page) {
	current?.close?.();
	current = list = null;
	document.title = "Cruddur";
	root.replaceChildren(page);
	page.querySelector("input, button")?.focus();
}

const retry = (action) => h("button.primary", { onclick: action }, "Try again");
const signOut = () => session.end("left");
const noAnswer = (...more) => whole(card("No answer", "The service can't be reached just now.", ...more));

function frame() {
	const { me } = store.state;
	list = groupList();
	pane = h("div.pane");
	notice = h("p.notice", { role: "status" });
	root.replaceChildren(
		h("header.bar",
			h("a.brand", { href: "/messages" }, h("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }), "Cruddur"),
			h("span.me", unseen("Signed in as "), bdi(me.display_name || me.handle)),
			h("button.round", { title: "Sign out", onclick: signOut }, icon("leave"), unseen("Sign out"))),
		notice,
		h("main.frame", { id: "main", tabindex: -1 }, h("h1.unseen", "Messages"), list.element, pane));
	connection();
}

// What is right of the list, or instead of it where there is no room for both.
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
	const input = h("input", { id: "handle", autocapitalize: "none", spellcheck: "false", autocomplete: "off" });
	const onsubmit = (event) => {
		event.preventDefault();
		const handle = input.value.trim().replace(/^@/, "");
		if (handle) navigate(`/messages/new/${encodeURIComponent(handle)}`);
		else input.focus();
	};
	return {
		...words("New message", h("form", { method: "post", onsubmit },
			h("div.field", h("label", { for: "handle" }, "Handle of the person"), input), h("button.primary", "Write"))),
		focus: () => input.focus(),
	};
}

// Somebody to write to, or the conversation that there is with them.
async function newTalk(handle) {
	const mine = route;
	let view;
	try {
		if (!store.state.listed) await store.refreshGroups();
		const group = store.groups().find((one) => one.handle === handle);
		if (group) return mine === route && navigate(`/messages/${group.uuid}`, true);
		const person = (await get(`/api/users/@${encodeURIComponent(handle)}/short`)).data;
		view = person.uuid === store.state.me.uuid ? message("That is you", "Messages go to somebody else.") : talk({ person });
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		view = error.passing ? words("No answer", h("p", "The service can't be reached."), retry(render))
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
		if (document.activeElement === document.body) document.getElementById("main").focus();
	} else if (path === "/messages/new") show(askHandle());
	else if (handle) newTalk(decodeURIComponent(handle).replace(/^@/, ""));
	else show(uuid ? talk({ uuid }) : notFound());
}

function navigate(path, replace) {
	history[replace ? "replaceState" : "pushState"](null, "", path);
	render();
}

// --- who is here ---

const signIn = (why) => whole(signInPage(
	why === "ended" ? "Your session has ended. Sign in to go on." : "Direct messages, and nothing else.", (tokens) => {
		session.begin(tokens);
		enter();
	}));

async function enter() {
	const leave = h("button", { onclick: signOut }, "Sign out");
	try {
		await store.load();
	} catch (error) {
		if (!session.signedIn()) return;
		if (!error.codes?.includes("cognito_user_id_not_found")) return noAnswer(retry(enter), leave);
		return whole(card("Not set up yet", "Your account has no profile here. Ask whoever runs this service.", leave));
	}
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
	quiet();
	outbox.close(why === "ended");
	if (why === "left") {
		forgetDrafts();
		history.replaceState(null, "", "/");
	}
	store.forget();
	signIn(why);
});

async function begin() {
	try {
		await configure();
	} catch {
		return noAnswer(retry(begin));
	}
	if (await session.adopt()) enter();
	else signIn();
}

// --- what changes, and when it is drawn ---

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
document.addEventListener("keydown", ({ key, isComposing }) => {
	if (key === "Escape" && !isComposing && list && !current?.idle) navigate("/messages");
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
	if (document.visibilityState !== "visible") hiddenAt = Date.now();
	else if (list) {
		stream.wake();
		if (Date.now() - hiddenAt > HIDDEN_MS) store.gap();
		current?.see?.();
	}
});
addEventListener("beforeunload", (event) => outbox.unsent() && event.preventDefault());

begin();
