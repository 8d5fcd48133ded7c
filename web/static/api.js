// SPDX-License-Identifier: MIT
// Calls to the API with the session's token. What went wrong comes as an ApiError; status 0 is no answer.
import * as session from "./session.js";

// The API answers within five seconds, or nginx does within eight.
const TIMEOUT_MS = 15000;

export class ApiError extends Error {
	constructor(status, codes, wait) {
		super(`${status} ${codes}`);
		this.status = status;
		this.codes = codes;
		this.wait = wait;
	}

	// Nothing is known to be wrong with the request itself: the same one may succeed later.
	get passing() {
		return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500;
	}
}

// `Link: </api/…>; rel="next"`: the path to go on at, or null.
function next(answer, path) {
	const found = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(answer.headers.get("Link") ?? "");
	if (!found) return null;
	const url = new URL(found[1], new URL(path, location.origin));
	return url.pathname + url.search;
}

// send(): one answer, whatever its status; 401 only after the token was renewed in vain.
export async function send(path, { headers, signal, ...init } = {}) {
	let token;
	for (let attempt = 0; attempt < 2; attempt++) {
		let answer;
		try {
			token = await session.access(token);
			if (!token) break;
			answer = await fetch(path, {
				...init,
				headers: { ...headers, Authorization: `Bearer ${token}` },
				cache: "no-store",
				credentials: "omit",
				signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
			});
		} catch (error) {
			throw new ApiError(0, [String(error)]);
		}
		if (answer.status !== 401) return answer;
	}
	session.end("ended");
	throw new ApiError(401, []);
}

async function read(answer, path) {
	let data;
	try {
		data = await answer.json();
	} catch (error) {
		if (answer.ok) throw new ApiError(0, [String(error)]);
	}
	if (answer.ok) return { data, next: next(answer, path) };
	throw new ApiError(answer.status, Array.isArray(data) ? data : [], Number(answer.headers.get("Retry-After")) || 0);
}

// get(): {data, next}.
export const get = async (path) => read(await send(path), path);

// post(): the answer's data. `body` is text, as a repeat under the same key must be the same bytes.
export async function post(path, body, headers) {
	const answer = await send(path, {
		method: "POST",
		headers: { "Content-Type": "application/json", ...headers },
		body,
	});
	return (await read(answer, path)).data;
}
