// SPDX-License-Identifier: MIT
// Who is signed in: the tokens, in this window's sessionStorage, which ends with the window. A second window of
// the same browser asks the first one for them; signing out is for all of them.
import { refresh, revoke } from "./cognito.js";

const KEY = "cruddur.session";
// A token that ends within this is renewed before it is used.
const EARLY_MS = 60000;
// How long another window has for its answer.
const ASK_MS = 200;

let tokens = stored();
let renewal = null;
const listeners = new Set();
const others = new BroadcastChannel("cruddur");

function stored() {
	try {
		return JSON.parse(sessionStorage.getItem(KEY));
	} catch {
		return null;
	}
}

// What a token says of itself. It is not verified here: who has to believe it does that.
function claims(token) {
	try {
		return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
	} catch {
		return {};
	}
}

function keep(made) {
	tokens = made;
	if (made) sessionStorage.setItem(KEY, JSON.stringify(made));
	else sessionStorage.removeItem(KEY);
}

// When a token ends by this machine's clock, which may be wrong: counted from now, by the token's own length.
function dated({ access, refresh: again }) {
	const { iat, exp, sub } = claims(access);
	return { access, refresh: again, sub, until: exp ? Date.now() + (exp - iat) * 1000 : 0 };
}

const tell = (message) => others.postMessage(message);
const changed = (why) => listeners.forEach((listener) => listener(why));

export const onEnd = (listener) => listeners.add(listener);
export const signedIn = () => tokens !== null;

export function begin(made) {
	keep(dated(made));
}

// adopt(): true when there is a session, if need be that of another window.
export async function adopt() {
	if (tokens) return true;
	tell({ type: "ask" });
	await new Promise((resolve) => {
		const timer = setTimeout(resolve, ASK_MS);
		others.addEventListener("message", ({ data }) => {
			if (data.type !== "tokens" || tokens) return;
			keep(data.tokens);
			clearTimeout(timer);
			resolve();
		});
	});
	return signedIn();
}

others.addEventListener("message", ({ data }) => {
	if (!tokens) return;
	if (data.type === "ask") tell({ type: "tokens", tokens });
	else if (data.type === "tokens" && data.tokens.sub === tokens.sub) keep(data.tokens);
	else if (data.type === "out" && data.sub === tokens.sub) {
		keep(null);
		changed("left");
	}
});

// One window renews for all; what is refused is over, what only failed is tried again by whoever asks next.
async function renew(old) {
	await navigator.locks.request("cruddur.renew", async () => {
		if (!tokens || tokens.access !== old) return;
		try {
			const made = dated(await refresh(tokens.refresh));
			if (!tokens) return;
			keep(made);
			tell({ type: "tokens", tokens });
		} catch (error) {
			if (error.code === "network" || /TooMany|Limit|Internal/.test(error.code)) throw error;
			end("ended");
		}
	});
}

// access(refused): a token to send, another than the one that was refused; null when there is none to be had.
export async function access(refused) {
	if (tokens && (tokens.access === refused || Date.now() > tokens.until - EARLY_MS)) {
		renewal ??= renew(tokens.access).finally(() => (renewal = null));
		await renewal;
	}
	return tokens?.access ?? null;
}

export function end(why) {
	if (!tokens) return;
	const { sub, refresh: token } = tokens;
	keep(null);
	if (why === "left") {
		tell({ type: "out", sub });
		revoke(token).catch(() => {});
	}
	changed(why);
}
