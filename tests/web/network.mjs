// SPDX-License-Identifier: MIT
// What goes wrong between the page and the service: no network, no answer, refusals, tokens that ended.
import { createPrivateKey, sign } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { BASE, COGNITO, PASSWORD, PATIENCE_MS, allRead, api, assert, badge, bubbles, enter, gate, history, live, met, person,
	row, say, see, send, shot, signIn, test, unheard, until, window_ } from "./harness.mjs";

const texts = (list) => list.map(({ message }) => message);

async function pairAt(names) {
	const [ann, bob] = [await person(names[0]), await person(names[1])];
	const group = await met(ann, bob, "Hello");
	return { ann, bob, group };
}

test("offline and back: what was queued goes out once, what was missed comes in", async () => {
	const { ann, bob, group } = await pairAt(["Ann Offline", "Bob Online"]);
	const [a, b] = [await enter(ann, `/messages/${group}`), await enter(bob, `/messages/${group}`)];
	await Promise.all([live(a), live(b)]);
	await a.context().setOffline(true);
	await a.getByText("You are offline. What you write").waitFor();
	for (const text of ["Queued 1", "Queued 2", "Queued 3"]) await send(a, text);
	assert.equal(await a.locator(".message.waiting").count(), 3);
	await shot(a, "offline");
	for (const text of ["Missed 1", "Missed 2"]) await send(b, text);
	await see(b, "Missed 2");
	// A reload cannot be made without a network; a second look at the list can.
	await a.getByRole("link", { name: "Cruddur" }).click();
	await row(a, bob).click();
	assert.equal(await a.locator(".message.waiting").count(), 3);
	await a.context().setOffline(false);
	await see(a, "Missed 2");
	await see(b, "Queued 3");
	await until(async () => (await a.locator(".message.waiting, .message.sending").count()) === 0, "nothing is left");
	const stored = texts(await history(ann, group));
	assert.deepEqual([...stored].sort(), ["Hello", "Missed 1", "Missed 2", "Queued 1", "Queued 2", "Queued 3"]);
	assert.deepEqual(stored.filter((text) => text.startsWith("Queued")), ["Queued 1", "Queued 2", "Queued 3"]);
	await until(async () => (await bubbles(b)).length === 6, "the other side has each");
	assert.deepEqual(await bubbles(a), stored);
	assert.deepEqual(await bubbles(b), stored);
	await Promise.all([a.context().close(), b.context().close()]);
});

test("what is queued survives a reload", async () => {
	const { ann, group } = await pairAt(["Ann Queue", "Bob Queue"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	await page.route("**/api/messages", (route) => route.abort());
	await send(page, "Not lost");
	await page.locator(".message.waiting").waitFor();
	await page.unroute("**/api/messages");
	await page.reload();
	await until(async () => texts(await history(ann, group)).includes("Not lost"), "it is sent");
	await page.locator(".message:not(.waiting)", { hasText: "Not lost" }).waitFor();
	assert.deepEqual(texts(await history(ann, group)), ["Hello", "Not lost"]);
	await page.context().close();
});

test("an answer that is lost does not send twice: every try has the same key and the same bytes", async () => {
	const { ann, group } = await pairAt(["Ann Lostanswer", "Bob Lostanswer"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	const tries = [];
	await page.route("**/api/messages", async (route) => {
		tries.push({ key: route.request().headers()["idempotency-key"], body: route.request().postData() });
		const answer = await route.fetch();
		return tries.length < 3 ? route.abort() : route.fulfill({ response: answer });
	});
	await send(page, "Only once");
	await until(() => tries.length >= 3, "it is tried again");
	await until(async () => (await page.locator(".message.sending, .message.waiting").count()) === 0, "acknowledged");
	assert.equal(new Set(tries.map((one) => JSON.stringify(one))).size, 1);
	assert.deepEqual(texts(await history(ann, group)), ["Hello", "Only once"]);
	assert.deepEqual(await bubbles(page), ["Hello", "Only once"]);
	await page.context().close();
});

test("a send that fails stays visible and can be repeated or discarded", async () => {
	const { ann, bob, group } = await pairAt(["Ann Fails", "Bob Fails"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	let refuse = true;
	const keys = new Set();
	await page.route("**/api/messages", (route) => {
		keys.add(route.request().headers()["idempotency-key"]);
		return refuse ? route.fulfill({ status: 503, json: ["service_unavailable"] }) : route.continue();
	});
	await send(page, "Try me");
	await page.locator(".message.failed", { hasText: "Try me" }).waitFor();
	await row(page, bob).getByText("A message was not sent").waitFor({ state: "attached" });
	await shot(page, "failed");
	refuse = false;
	await page.locator(".failed").getByRole("button", { name: "Try again" }).click();
	await page.locator(".failed").waitFor({ state: "detached" });
	await until(async () => (await history(ann, group)).length === 2, "stored");
	assert.equal(keys.size, 1);

	await page.unroute("**/api/messages");
	await page.route("**/api/messages", (route) => route.fulfill({ status: 404, json: ["message_group_not_found"] }));
	await send(page, "Discard me");
	await page.locator(".message.failed", { hasText: "not there any more" }).waitFor();
	await page.getByRole("button", { name: "Discard" }).click();
	await page.locator(".failed").waitFor({ state: "detached" });
	assert.deepEqual(await bubbles(page), ["Hello", "Try me"]);
	await page.context().close();
});

test("without a live channel the page says so, looks for itself, and catches up when it is back", async () => {
	const { ann, bob, group } = await pairAt(["Ann Deaf", "Bob Talks"]);
	const page = await window_();
	await page.route("**/api/live", (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.goto(`${BASE}/messages/${group}`);
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await see(page, "Hello");
	await page.getByText("The connection is interrupted").waitFor();
	await say(bob, group, "Unheard");
	await page.unroute("**/api/live");
	await see(page, "Unheard");
	await live(page);
	await page.getByText("The connection is interrupted").waitFor({ state: "detached" });
	await say(bob, group, "Heard");
	await see(page, "Heard");
	assert.deepEqual(await bubbles(page), ["Hello", "Unheard", "Heard"]);
	await page.context().close();
});

test("a page whose first stream is still to come does not call that an interruption", async () => {
	const { ann } = await pairAt(["Ann Opening", "Bob Opening"]);
	const page = await window_();
	const stream = gate();
	await page.route("**/api/live", async (route) => {
		await stream.opened;
		return route.continue();
	});
	await signIn(page, ann);
	assert.equal(await page.locator(".notice").textContent(), "");
	stream.open();
	await live(page);
	assert.equal(await page.locator(".notice").textContent(), "");
	await page.context().close();
});

test("one stream follows the other without a gap", async () => {
	const { ann, bob, group } = await pairAt(["Ann Streams", "Bob Streams"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	await live(page);
	const opened = [];
	page.on("response", (answer) => new URL(answer.url()).pathname === "/api/live" &&
		opened.push({ at: Date.now(), left: answer.headers()["cruddur-live-seconds"] }));
	// What comes can come by the streams alone.
	await page.route(`**/api/messages/${group}?*`, (route) => route.abort());
	for (let count = 1; count <= 3; count++) {
		const next = await page.waitForRequest("**/api/live", { timeout: 40000 });
		assert.equal((await next.response()).status(), 200);
		await say(bob, group, `Stream ${count}`);
		await see(page, `Stream ${count}`);
	}
	assert.deepEqual(await bubbles(page), ["Hello", "Stream 1", "Stream 2", "Stream 3"]);
	// Each after the seconds that the server told, or after 22.
	for (let i = 1; i < opened.length; i++) {
		const { at, left } = opened[i - 1], waited = opened[i].at - at, due = Math.min(22, Number(left) + 1) * 1000;
		assert.match(left, /^\d+$/);
		assert.ok(waited > due - 500 && waited < due + 1000 + PATIENCE_MS / 3, `${waited} ms, ${left} s were left`);
	}
	assert.ok(opened.length >= 3);
	await page.context().close();
});

test("an event that was lost is made up for with the next stream, even when a later one came", async () => {
	const { ann, bob, group } = await pairAt(["Ann Lossy", "Bob Lossy"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	await live(page);
	const renewed = { timeout: 2 * PATIENCE_MS };
	await unheard(bob, group, "Unheard, then heard");
	await say(bob, group, "Heard");
	await see(page, "Heard");
	await page.locator(".message", { hasText: "Unheard, then heard" }).waitFor(renewed);
	await unheard(bob, group, "Unheard, and the last");
	await page.locator(".message", { hasText: "Unheard, and the last" }).waitFor(renewed);
	assert.deepEqual(await bubbles(page), ["Hello", "Unheard, then heard", "Heard", "Unheard, and the last"]);
	await page.context().close();
});

test("a list without end is not searched for one conversation", async () => {
	const { ann, group } = await pairAt(["Ann Endless", "Bob Endless"]);
	const page = await window_();
	const searched = [];
	await page.route("**/api/message_groups?*", (route) => {
		if (route.request().url().includes("cursor")) searched.push(route.request().url());
		return route.fulfill({ json: [], headers: { Link: '</api/message_groups?limit=50&cursor=on>; rel="next"' } });
	});
	await signIn(page, ann, { at: "/messages/5ae290ed-55d1-47a0-bc6d-fe2bc2700399" });
	await page.getByRole("heading", { name: "Not found" }).waitFor();
	assert.deepEqual(searched, []);
	await page.goto(`${BASE}/messages/${group}`);
	await page.getByText("This is the beginning").waitFor();
	await see(page, "Hello");
	assert.equal(searched.length, 3);
	await page.context().close();
});

test("a conversation that can't be reached says so and can be tried again", async () => {
	const { ann, group } = await pairAt(["Ann Gap", "Bob Gap"]);
	const page = await window_();
	await page.route(`**/api/messages/${group}?*`, (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.route("**/api/live", (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.goto(`${BASE}/messages/${group}`);
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.getByText("This conversation can't be reached").waitFor();
	await page.unroute(`**/api/messages/${group}?*`);
	await page.getByRole("button", { name: "Try again" }).click();
	await see(page, "Hello");
	await page.context().close();
});

// expired(): the same token as Cognito's, but its hour is over. cognito-local's key is in its package.
function expired(token) {
	const folder = process.env.CRUDDUR_COGNITO_HOME;
	const { jwk } = createRequire(path.join(folder, "x.js"))("cognito-local/lib/keys/cognitoLocal.private.json");
	const [head, body] = token.split(".");
	const claims = JSON.parse(Buffer.from(body, "base64url"));
	const now = Math.floor(Date.now() / 1000);
	const old = Buffer.from(JSON.stringify({ ...claims, iat: now - 7200, auth_time: now - 7200, exp: now - 60 })).toString("base64url");
	const key = createPrivateKey({ key: jwk, format: "jwk" });
	return `${head}.${old}.${sign("RSA-SHA256", Buffer.from(`${head}.${old}`), key).toString("base64url")}`;
}

const keep = (page, changes) => page.evaluate((wanted) => {
	const stored = JSON.parse(sessionStorage.getItem("cruddur.session"));
	sessionStorage.setItem("cruddur.session", JSON.stringify({ ...stored, ...wanted }));
}, changes);

test("a token that expired is renewed without anybody noticing", async () => {
	const { ann, bob, group } = await pairAt(["Ann Expired", "Bob Expired"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	const old = expired(ann.tokens.AccessToken);
	const refused = await fetch(`${BASE}/api/message_groups`, { headers: { Authorization: `Bearer ${old}` } });
	assert.equal(refused.status, 401);
	// Once when the page's clock still thinks that it is good, once when it knows.
	for (const until of [Date.now() + 3600000, 0]) {
		await keep(page, { access: old, until });
		await page.reload();
		await see(page, "Hello");
		await live(page);
	}
	await send(page, "Still here");
	await see(page, "Still here");
	await say(bob, group, "And I");
	await see(page, "And I");
	await page.context().close();
});

test("a session that can't be renewed ends in the sign-in page, and what was not sent waits for its owner", async () => {
	const { ann, bob, group } = await pairAt(["Ann Ended", "Bob Ended"]);
	const page = await enter(ann, `/messages/${group}`);
	await live(page);
	await page.route("**/api/messages", (route) => route.abort());
	await send(page, "Kept");
	await page.locator(".message.waiting").waitFor();
	await keep(page, { access: expired(ann.tokens.AccessToken), refresh: "not-a-token", until: 0 });
	await page.unroute("**/api/messages");
	await page.reload();
	await page.getByText("Your session has ended").waitFor();
	await shot(page, "session-ended");
	assert.equal(new URL(page.url()).pathname, `/messages/${group}`);
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await until(async () => texts(await history(bob, group)).includes("Kept"), "sent after all");
	await page.context().close();
});

test("a sign-in service that is away ends no session", async () => {
	const { ann, group } = await pairAt(["Ann Away", "Bob Away"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	const headers = { "Access-Control-Allow-Origin": "*" };
	for (const answer of [{ status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" },
		{ status: 200, contentType: "text/html", body: "<h1>Sign in to this network</h1>" },
		{ status: 500, json: { __type: "InternalErrorException" } }, { status: 400, json: { __type: "TooManyRequestsException" } }]) {
		await page.route(`${COGNITO}/**`, (route) => route.fulfill({ headers, ...answer }));
		await keep(page, { until: 0 });
		await page.reload();
		await page.getByRole("heading", { name: "No answer" }).waitFor();
		await page.unroute(`${COGNITO}/**`);
		await page.getByRole("button", { name: "Try again" }).click();
		await see(page, "Hello");
	}
	await page.context().close();
});

test("where sessionStorage is full messages are sent all the same; what is somebody else's is removed", async () => {
	const { ann, group } = await pairAt(["Ann Full", "Bob Full"]);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Hello");
	await page.evaluate(() => {
		Storage.prototype.setItem = () => {
			throw new DOMException("full", "QuotaExceededError");
		};
	});
	for (const text of ["One", "Two"]) await send(page, text);
	await until(async () => (await history(ann, group)).length === 3, "both are stored");
	await until(async () => (await page.locator(".message.sending, .message.waiting").count()) === 0, "acknowledged");
	await page.reload();
	await see(page, "Two");
	await page.evaluate(() => sessionStorage.setItem("cruddur.outbox", JSON.stringify({ owner: "them", entries: [{ text: "Private" }] })));
	await page.reload();
	await see(page, "Two");
	assert.equal(await page.evaluate(() => sessionStorage.getItem("cruddur.outbox")), null);
	await page.context().close();
});

test("a service that is down is said to be, and tried again", async () => {
	const ann = await person("Ann Down");
	const page = await window_();
	await page.route("**/api/**", (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.goto(BASE);
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "No answer" }).waitFor();
	await page.unroute("**/api/**");
	await page.getByRole("button", { name: "Try again" }).click();
	await page.locator(".bar").waitFor();
	// A window that is opened meanwhile comes by itself when it is back.
	await page.route("**/api/**", (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.reload();
	await page.getByRole("heading", { name: "No answer" }).waitFor();
	await page.unroute("**/api/**");
	await page.locator(".bar").waitFor();
	await live(page);
	await page.route(`${COGNITO}/**`, (route) => route.abort());
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: "can't be reached" }).waitFor();
	await page.context().close();
});

test("a message that was read in a window that lost its network counts as read when it is back", async () => {
	const { ann, bob, group } = await pairAt(["Ann Reads", "Bob Writes"]);
	const page = await enter(ann, `/messages/${group}`);
	await live(page);
	let refuse = true;
	await page.route("**/read", (route) => refuse ? route.fulfill({ status: 503, json: ["service_unavailable"] }) : route.continue());
	await say(bob, group, "Read me");
	await see(page, "Read me");
	await badge(page, bob).waitFor();
	refuse = false;
	await allRead(page, bob);
	await until(async () => (await api(ann, "GET", "/api/message_groups"))[0].unread_count === 0, "read at the server");
	await page.context().close();
});
