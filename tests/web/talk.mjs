// SPDX-License-Identifier: MIT
// Two people, two browsers: starting, answering, reading, more than one window.
import { BASE, PASSWORD, allRead, api, assert, badge, bubbles, enter, history, live, met, person, row, say, see, send,
	shot, signIn, sql, test, until, window_ } from "./harness.mjs";

const texts = (list) => list.map(({ message }) => message);

test("signing in and out: refused, let in, nothing left behind", async () => {
	const ann = await person("Ann Droid");
	const page = await window_();
	await page.goto(BASE);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("alert").filter({ hasText: "Something is missing" }).waitFor();
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill("not it");
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();
	await shot(page, "sign-in-refused");
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.locator(".bar", { hasText: "Ann Droid" }).waitFor();
	assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
	assert.deepEqual(await page.context().cookies(), []);
	assert.ok(!page.url().includes(PASSWORD));
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Password").waitFor();
	assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
	await page.reload();
	await page.getByLabel("Password").waitFor();
	await page.context().close();
});

test("an account without a profile is told so, and can leave", async () => {
	const nobody = await person("No Body", { inPostgres: false });
	const page = await window_();
	await page.goto(BASE);
	await page.getByLabel("Handle or e-mail").fill(nobody.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "Not set up yet" }).waitFor();
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Password").waitFor();
	await page.context().close();
});

test("who was given a first password chooses their own", async () => {
	const who = await person("New Comer", { newPassword: true });
	const page = await window_();
	await page.goto(BASE);
	await page.getByLabel("Handle or e-mail").fill(who.handle);
	await page.getByLabel("Password").fill("whatever it was");
	await page.keyboard.press("Enter");
	await page.getByLabel("Choose a new password").fill(PASSWORD);
	await shot(page, "new-password");
	await page.keyboard.press("Enter");
	await page.locator(".bar", { hasText: "New Comer" }).waitFor();
	await page.getByRole("button", { name: "Sign out" }).click();
	await signIn(page, who);
	await page.context().close();
});

test("a conversation is started by handle, arrives by itself, is answered and read", async () => {
	const [ann, bob] = [await person("Ann Start"), await person("Bob Answer")];
	const [a, b] = [await enter(ann), await enter(bob)];
	await Promise.all([live(a), live(b)]);
	await b.getByText("Nothing here yet").waitFor();
	await shot(b, "empty-list");

	await a.getByRole("link", { name: "New message" }).click();
	await shot(a, "new-message");
	await a.getByLabel("Handle of the person").fill(`@${bob.handle}`);
	await a.keyboard.press("Enter");
	await a.getByText("This is the beginning").waitFor();
	assert.equal(new URL(a.url()).pathname, `/messages/new/${bob.handle}`);
	await send(a, "Are you there?");
	await a.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
	await see(a, "Are you there?");

	await row(b, ann).waitFor();
	await badge(b, ann).filter({ hasText: "1" }).waitFor();
	assert.match(await b.title(), /^\(1\) /);
	await shot(b, "unread");
	await row(b, ann).click();
	await see(b, "Are you there?");
	await allRead(b, ann);
	await until(async () => (await api(bob, "GET", "/api/message_groups"))[0].unread_count === 0, "read at the server");
	await send(b, "I am.");
	await see(a, "I am.");
	assert.deepEqual(await bubbles(a), ["Are you there?", "I am."]);
	assert.deepEqual(await bubbles(b), ["Are you there?", "I am."]);
	await shot(a, "answered");

	// Somebody who is known already is not started again.
	await a.goto(`${BASE}/messages/new/${bob.handle}`);
	await a.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
	await see(a, "I am.");
	await Promise.all([a.context().close(), b.context().close()]);
});

test("unread messages are counted, divided off where they start, and read by being seen", async () => {
	const [ann, bob, eve] = [await person("Ann Count"), await person("Bob Reader"), await person("Eve Other")];
	const group = await met(ann, bob);
	await met(eve, bob, "Me too");
	// The list counts a message a little after it was stored; uncounted looks like read.
	await until(async () => (await api(bob, "GET", "/api/message_groups")).every((one) => one.unread_count === 1), "counted");
	const page = await enter(bob, `/messages/${group}`);
	await live(page);
	await allRead(page, ann);
	await row(page, eve).click();
	await see(page, "Me too");
	for (let i = 1; i <= 3; i++) await say(ann, group, `Message ${i}`);
	await badge(page, ann).filter({ hasText: "3" }).waitFor();
	assert.equal(await row(page, ann).locator(".row-text").textContent(), "Message 3");
	assert.ok((await page.locator(".row").first().textContent()).includes(ann.name), "the newest is on top");
	await page.reload();
	await badge(page, ann).filter({ hasText: "3" }).waitFor();
	await row(page, ann).click();
	await see(page, "Message 3");
	await page.locator(".day.new").waitFor();
	const order = await page.locator(".messages > li").allTextContents();
	assert.ok(order[order.findIndex((text) => text === "New") + 1].includes("Message 1"), order.join("|"));
	await allRead(page, ann);
	await shot(page, "divider");
	await page.context().close();
});

test("a reload stays where it was, and signed in", async () => {
	const [ann, bob] = [await person("Ann Reload"), await person("Bob Reload")];
	const group = await met(ann, bob, "Before");
	const page = await enter(bob, `/messages/${group}`);
	await see(page, "Before");
	await page.reload();
	await see(page, "Before");
	assert.equal(new URL(page.url()).pathname, `/messages/${group}`);
	await page.goBack();
	await page.goForward();
	await see(page, "Before");
	await page.context().close();
});

test("two windows of one person: one session, one state, and both end together", async () => {
	const [ann, bob] = [await person("Ann Twice"), await person("Bob Twice")];
	const group = await met(ann, bob, "To both");
	const first = await enter(bob);
	const second = await window_({}, first.context());
	await second.goto(`${BASE}/messages`);
	// Nobody had to sign in again.
	await row(second, ann).waitFor();
	await Promise.all([live(first), live(second)]);
	await badge(first, ann).filter({ hasText: "1" }).waitFor();
	await row(second, ann).click();
	await see(second, "To both");
	await allRead(first, ann);
	await row(first, ann).click();
	await send(first, "From the first");
	await see(second, "From the first");
	await send(second, "From the second");
	await see(first, "From the second");
	const expected = ["To both", "From the first", "From the second"];
	await until(async () => (await bubbles(first)).length === 3 && (await bubbles(second)).length === 3, "each once");
	assert.deepEqual(await bubbles(first), expected);
	assert.deepEqual(await bubbles(second), expected);
	assert.deepEqual(texts(await history(bob, group)), expected);
	await first.getByRole("button", { name: "Sign out" }).click();
	await second.getByLabel("Password").waitFor();
	await first.context().close();
});

test("a window does not take up a session that another one has just left", async () => {
	const ann = await person("Ann Leaves");
	const page = await enter(ann);
	// This one answers as if it had not heard of it yet.
	await page.evaluate(() => {
		const given = JSON.parse(sessionStorage.getItem("cruddur.session")), late = new BroadcastChannel("cruddur");
		late.onmessage = ({ data }) => data.ask && [{ out: given.sub }, { given }].forEach((message) => late.postMessage(message));
	});
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Password").waitFor();
	const second = await window_({}, page.context());
	await second.goto(BASE);
	await second.getByLabel("Password").waitFor();
	await page.context().close();
});

test("a handle that somebody else has by now leads to them", async () => {
	const [ann, bob, eve] = [await person("Ann Handles"), await person("Bob Former"), await person("Eve Present")];
	await met(bob, ann, "From Bob");
	sql(`UPDATE public.users SET handle = 'x${bob.handle}' WHERE handle = '${bob.handle}';
		UPDATE public.users SET handle = '${bob.handle}' WHERE handle = '${eve.handle}';`);
	const page = await enter(ann, `/messages/new/${bob.handle}`);
	await row(page, bob).waitFor();
	await page.getByRole("heading", { name: eve.name }).waitFor();
	await send(page, "For Eve");
	await page.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
	await row(page, eve).waitFor();
	assert.deepEqual(await bubbles(page), ["For Eve"]);
	await page.context().close();
});

test("addresses that lead nowhere say so", async () => {
	const [ann, bob, eve] = [await person("Ann Lost"), await person("Bob Lost"), await person("Eve Lost")];
	const group = await met(ann, bob, "Private");
	const page = await window_();
	await signIn(page, eve, { at: "/nowhere" });
	await page.getByRole("heading", { name: "Not found" }).waitFor();
	await shot(page, "not-found");
	for (const url of [`/messages/${group}`, "/messages/5ae290ed-55d1-47a0-bc6d-fe2bc2700399"]) {
		await page.goto(BASE + url);
		await page.getByRole("heading", { name: "Not found" }).waitFor();
	}
	assert.ok(!(await page.content()).includes("Private"));
	await page.goto(`${BASE}/messages/new/nobody-has-this`);
	await page.getByRole("heading", { name: "Nobody of that name" }).waitFor();
	await page.goto(`${BASE}/messages/new/${eve.handle}`);
	await page.getByRole("heading", { name: "That is you" }).waitFor();
	await page.context().close();
});
