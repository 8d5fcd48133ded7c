// SPDX-License-Identifier: MIT
// Calls to the API with the session's token. Failures are ApiErrors; status 0 is no answer.
import * as session from "./session.js";

const TIMEOUT_MS = 15000;

export class ApiError extends Error {
	constructor(status, codes = [], wait = 0) {
		super(`${status} ${codes}`);
		Object.assign(this, { status, codes, wait });
	}

	// The same request may succeed later.
	get passing() {
		return [0, 401, 429].includes(this.status) || this.status >= 500;
	}
}

export async function send(path, { headers, signal, ...more } = {}) {
	let token;
	for (let tries = 0; tries < 2; tries++) {
		try {
			token = await session.access(token);
			if (!token) break;
			const answer = await fetch(path, {
				...more,
				headers: { ...headers, Authorization: `Bearer ${token}` },
				signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
			});
			if (answer.status !== 401) return answer;
		} catch (error) {
			throw new ApiError(0, [error.message]);
		}
	}
	session.end("ended");
	throw new ApiError(401);
}

async function read(answer) {
	const data = await answer.json().catch(() => null);
	if (!answer.ok) throw new ApiError(answer.status, data ?? [], Number(answer.headers.get("Retry-After")) || 0);
	if (data === null) throw new ApiError(0);
	return data;
}

// {data, next}: `next` is the path to go on at (RFC 8288).
export async function get(path) {
	const answer = await send(path);
	const [, link] = /<([^>]*)>; *rel="next"/.exec(answer.headers.get("Link")) ?? [];
	const url = link && new URL(link, location.origin);
	return { data: await read(answer), next: url && url.pathname + url.search };
}

// `body` is text: a repeat under the same key must be the same bytes.
export const post = async (path, body, headers) => read(await send(path, {
	method: "POST", headers: { "Content-Type": "application/json", ...headers }, body,
}));
