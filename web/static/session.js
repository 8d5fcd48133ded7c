// SPDX-License-Identifier: MIT
// Who is signed in: the tokens, in this window's sessionStorage, which ends with the window. A second window of the
// same browser asks the first one for them; signing out is for all of them.
import { refresh, revoke } from "./cognito.js";

const KEY = "cruddur.session";
// A token that ends within this is renewed before it is used.
const EARLY_MS = 60000;
// How long another window has for its answer.
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

// What a token says of itself (who has to believe it verifies it). This machine's clock may be wrong: the token's end
// is counted from now, by its own length.
function dated({ access, refresh: again }) {
	const { iat, exp, sub } = JSON.parse(atob(access.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
	return { access, refresh: again, sub, until: Date.now() + (exp - iat) * 1000 };
}

export const onEnd = (listener) => (ended = listener);
export const signedIn = () => tokens !== null;
export const begin = (made) => keep(dated(made));

// adopt(): true when there is a session, if need be that of another window.
export async function adopt() {
	if (tokens) return true;
	tell({ type: "ask" });
	await new Promise((resolve) => {
		setTimeout(resolve, ASK_MS);
		others.addEventListener("message", ({ data }) => {
			if (data.type !== "tokens" || tokens) return;
			keep(data.tokens);
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
		ended("left");
	}
});

// One window renews for all. What is refused is over; what only failed is for whoever asks next.
const renew = (old) => navigator.locks.request("cruddur.renew", async () => {
	if (tokens?.access !== old) return;
	try {
		const made = dated(await refresh(tokens.refresh));
		if (!tokens) return;
		keep(made);
		tell({ type: "tokens", tokens });
	} catch (error) {
		if (/network|TooMany|Limit|Internal/.test(error.code)) throw error;
		end("ended");
	}
});

// access(refused): a token to send, another than the one that was refused; null when there is none to be had.
export async function access(refused) {
	if (tokens && (tokens.access === refused || Date.now() > tokens.until - EARLY_MS)) {
		await (renewal ??= renew(tokens.access).finally(() => (renewal = null)));
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
