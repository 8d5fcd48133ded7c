// SPDX-License-Identifier: MIT
// The tokens, in sessionStorage, which ends with the window. A second window asks the first one for them; signing out
// is for all.
import { refresh, revoke } from "./cognito.js";

const KEY = "cruddur.session";
const EARLY_MS = 60000;
const ASK_MS = 200;

let tokens = JSON.parse(sessionStorage.getItem(KEY));
let renewal = null, adopted = null, ended = () => {};
const others = new BroadcastChannel("cruddur"), left = new Set();

function keep(made) {
	tokens = made;
	if (made) sessionStorage.setItem(KEY, JSON.stringify(made));
	else sessionStorage.removeItem(KEY);
}

// This clock may be wrong: the token's end is counted from now, by its own length.
function dated({ access, refresh: again }) {
	const { iat, exp, sub } = JSON.parse(atob(access.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
	return { access, refresh: again, sub, until: Date.now() + (exp - iat) * 1000 };
}

export const onEnd = (listener) => (ended = listener);
export const signedIn = () => !!tokens;
export const begin = (made) => keep(dated(made));

export async function adopt() {
	if (tokens) return true;
	others.postMessage({ ask: true });
	await new Promise((resolve) => setTimeout(adopted = resolve, ASK_MS));
	adopted = null;
	return signedIn();
}

others.onmessage = ({ data: { ask, given, out } }) => {
	if (ask && tokens) others.postMessage({ given: tokens });
	// A window that has not heard of a sign-out gives what that has ended.
	if (given && adopted && !left.has(given.sub)) {
		keep(given);
		adopted();
	}
	left.add(out);
	if (tokens && tokens.sub === out) {
		keep(null);
		ended("left");
	}
};

// Only a refusal ends it.
async function renew() {
	const old = tokens;
	try {
		const made = dated(await refresh(old.refresh));
		if (tokens === old) keep(made);
	} catch (error) {
		if (!/NotAuthorized|UserNot|PasswordReset/.test(error.code)) throw error;
		if (tokens === old) end("ended");
	}
}

// A token to send, another than the one that was refused; none if the session is over.
export async function access(refused) {
	if (tokens && (tokens.access === refused || Date.now() > tokens.until - EARLY_MS)) {
		await (renewal ??= renew().finally(() => (renewal = null)));
	}
	return tokens?.access;
}

export function end(why) {
	if (!tokens) return;
	const { sub, refresh: token } = tokens;
	keep(null);
	if (why === "left") {
		others.postMessage({ out: sub });
		revoke(token).catch(() => {});
	}
	ended(why);
}
