// SPDX-License-Identifier: MIT
// The tokens, in sessionStorage, which ends with the window. A second window asks the first one for them; signing out
// is for all.
import { refresh, revoke } from "./cognito.js";

const KEY = "cruddur.session";
const EARLY_MS = 60000;
const ASK_MS = 200;

let tokens = JSON.parse(sessionStorage.getItem(KEY));
let renewal = null, ended = () => {};
const others = new BroadcastChannel("cruddur");
const tell = (message) => others.postMessage(message);

function keep(made) {
	tokens = made;
	if (made) sessionStorage.setItem(KEY, JSON.stringify(made));
	else sessionStorage.removeItem(KEY);
}

// This machine's clock may be wrong: the token's end is counted from now, by its own length.
function dated({ access, refresh: again }) {
	const { iat, exp, sub } = JSON.parse(atob(access.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
	return { access, refresh: again, sub, until: Date.now() + (exp - iat) * 1000 };
}

export const onEnd = (listener) => (ended = listener);
export const signedIn = () => tokens !== null;
export const begin = (made) => keep(dated(made));

// A session of our own, or another window's.
export async function adopt() {
	if (tokens) return true;
	tell({ type: "ask" });
	await new Promise((resolve) => {
		setTimeout(resolve, ASK_MS);
		others.addEventListener("message", ({ data }) => {
			if (data.type !== "tokens" || tokens) return;
			keep(data.tokens);
			resolve();
		}, { signal: AbortSignal.timeout(ASK_MS) });
	});
	return signedIn();
}

others.addEventListener("message", ({ data }) => {
	if (!tokens) return;
	if (data.type === "ask") tell({ type: "tokens", tokens });
	if (data.type === "out" && data.sub === tokens.sub) {
		keep(null);
		ended("left");
	}
});

// What is refused is over; what failed is tried again by whoever asks next.
async function renew() {
	const old = tokens;
	try {
		const made = dated(await refresh(old.refresh));
		if (tokens === old) keep(made);
	} catch (error) {
		if (/network|TooMany|Limit|Internal/.test(error.code)) throw error;
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
		tell({ type: "out", sub });
		revoke(token).catch(() => {});
	}
	ended(why);
}
