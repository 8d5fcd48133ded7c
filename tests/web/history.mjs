// SPDX-License-Identifier: MIT
// What stands where while one reads: history that comes in above, messages that come in below, slow answers to both.
import { PATIENCE_MS, allRead, assert, badge, bubbles, enter, gate, history, live, met, person, row, say, scroller,
	see, send, shot, signIn, test, unheard, until, window_ } from "./harness.mjs";

const toTop = (page) => scroller(page).evaluate((e) => (e.scrollTop = 0));
const refreshing = (page, ms) => page.evaluate(async (ms) => {
	const store = await import("/static/store.js");
	setInterval(store.refreshGroups, ms);
}, ms);
// Scroll events and what follows from them have been.
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const texts = (list) => list.map(({ message }) => message);

test("the history of 250 messages loads while scrolling up, keeps its place, and has each once", async () => {
	const [ann, bob] = [await person("Ann Long"), await person("Bob History")];
	const group = await met(ann, bob, "Message 1");
	for (let i = 2; i <= 250; i++) await say(i % 3 ? ann : bob, group, `Message ${i}${i % 7 ? "" : "\nwith\nmore lines"}`);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Message 250");
	assert.ok(await scroller(page).evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2), "starts at the end");
	await allRead(page, bob);
	assert.ok((await bubbles(page)).length < 150, "not everything at once");
	let moved = 0;
	while (!(await page.getByText("This is the beginning").count())) {
		const before = (await bubbles(page)).length;
		// What is at the upper edge stays there when older ones come in above it, a page at a time.
		const held = await scroller(page).evaluate(async (e, [group, top]) => {
			const store = await import("/static/store.js");
			e.scrollTop = top;
			// Something that changes before the page is told of the scrolling doesn't undo it.
			if (group) store.older(group);
			const edge = e.getBoundingClientRect().top;
			const item = [...e.querySelectorAll(".message")].find((one) => one.getBoundingClientRect().bottom > edge);
			globalThis.held = item;
			return item.getBoundingClientRect().top;
		}, [moved === 0 && group, moved % 2 ? 0 : 300]);
		await until(async () => (await bubbles(page)).length > before,
			async () => `older messages (${await scroller(page).locator(".top").textContent()})`);
		const now = await page.evaluate(() => globalThis.held.getBoundingClientRect().top);
		assert.ok(Math.abs(now - held) < 2, `moved by ${now - held}`);
		moved++;
	}
	assert.equal(moved, 4);
	assert.deepEqual(await bubbles(page), texts(await history(ann, group)));
	assert.equal(new Set(await bubbles(page)).size, 250);
	// While reading above, a new one moves nothing and says that it is there.
	await scroller(page).evaluate((e) => (e.scrollTop = 2000));
	const top = await scroller(page).evaluate((e) => e.scrollTop);
	await live(page);
	await say(bob, group, "Message 251");
	await page.getByRole("button", { name: "New messages" }).waitFor();
	assert.equal(await scroller(page).evaluate((e) => e.scrollTop), top);
	await badge(page, bob).filter({ hasText: "1" }).waitFor();
	await shot(page, "history");
	// The way to the end takes its time, and what changes meanwhile does not cut it short.
	await refreshing(page, 50);
	await page.getByRole("button", { name: "New messages" }).click();
	await allRead(page, bob);
	await page.context().close();
});

test("what one sends is in sight, whatever one was reading, and a long draft does not lose the end", async () => {
	const [ann, bob] = [await person("Ann Draft"), await person("Bob Draft")];
	const group = await met(ann, bob, "Hello");
	for (let i = 2; i <= 40; i++) await say(ann, group, `Message ${i}`);
	const page = await enter(ann, `/messages/${group}`);
	await live(page);
	await see(page, "Message 40");
	const toEnd = () => scroller(page).evaluate((e) => Math.abs(e.scrollHeight - e.scrollTop - e.clientHeight));
	await toTop(page);
	await drawn(page);
	await send(page, "Mine 1\n\nin\nseveral\nlines");
	await page.locator(".message:not(.sending, .waiting)", { hasText: "Mine 1" }).waitFor();
	assert.ok(await toEnd() < 2, "after sending from above");
	// A little above the end, with a draft whose place is the end's once it is gone.
	await page.getByLabel("Your message").fill("Mine 2\n\n\n\n\n\nlast");
	await drawn(page);
	await scroller(page).evaluate((e) => (e.scrollTop -= 100));
	await drawn(page);
	await page.keyboard.type("!");
	await drawn(page);
	await page.getByRole("button", { name: "Send" }).click();
	await page.locator(".message:not(.sending, .waiting)", { hasText: "Mine 2" }).waitFor();
	assert.ok(await toEnd() < 2, "after sending a long draft");
	await page.getByLabel("Your message").focus();
	for (let line = 1; line <= 8; line++) {
		await page.keyboard.type(`Line ${line}`);
		await page.keyboard.press("Shift+Enter");
	}
	assert.ok(await toEnd() < 2, "with a draft of eight lines");
	await say(bob, group, "And then");
	await see(page, "And then");
	assert.ok(await toEnd() < 2, "with what came after it");
	await page.context().close();
});

test("who scrolls while the page still opens is left there", async () => {
	const [ann, bob] = [await person("Ann Hasty"), await person("Bob Hasty")];
	const group = await met(ann, bob, "Message 1");
	await say(bob, group, "The second");
	for (let i = 3; i <= 40; i++) await say(bob, group, `Message ${i}`);
	const page = await window_();
	const list = gate();
	await page.route("**/api/message_groups?*", async (route) => {
		await list.opened;
		return route.continue();
	});
	const told = page.waitForResponse(`**/api/messages/${group}?*`, { timeout: 2 * PATIENCE_MS });
	await signIn(page, ann, { at: `/messages/${group}` });
	await live(page);
	await told;
	// What it has read it shows with the next event, though the list is still to come.
	await until(async () => {
		await say(bob, group, "And more");
		return (await bubbles(page)).includes("Message 40");
	}, "messages");
	await scroller(page).evaluate((e) => (e.scrollTop = 100));
	const first = page.locator(".message", { hasText: "The second" });
	const { y } = await first.boundingBox();
	list.open();
	await page.locator(".day.new").waitFor({ state: "attached" });
	const moved = (await first.boundingBox()).y - y;
	assert.ok(Math.abs(moved) < 2, `moved by ${moved}`);
	await page.context().close();
});

test("a message that comes while a conversation loads leaves its whole history reachable", async () => {
	const [ann, bob] = [await person("Ann Early"), await person("Bob Early")];
	const group = await met(ann, bob, "Hello");
	for (let i = 1; i <= 60; i++) await say(bob, group, `Message ${i}`);
	const page = await enter(ann);
	await live(page);
	let came = false;
	await page.route(`**/api/messages/${group}?*`, async (route) => {
		if (!came) {
			came = true;
			await say(bob, group, "Meanwhile");
			await row(page, bob).getByText("Meanwhile").waitFor();
		}
		return route.continue();
	});
	await row(page, bob).click();
	await see(page, "Meanwhile");
	// "Meanwhile" came by itself: what was asked for, and with it something to scroll, comes after it.
	await until(async () => {
		await toTop(page);
		return page.getByText("This is the beginning").count();
	}, "the beginning");
	assert.deepEqual(await bubbles(page), texts(await history(ann, group)));
	await page.context().close();
});

test("history that was asked for before the page began anew still comes, without a hand moved", async () => {
	const [ann, bob] = [await person("Ann Anew"), await person("Bob Anew")];
	const group = await met(ann, bob, "Hello");
	for (let i = 1; i <= 60; i++) await say(bob, group, `Message ${i}`);
	const page = await enter(ann, `/messages/${group}`);
	await see(page, "Message 60");
	await live(page);
	const older = gate(), written = gate();
	let asked = 0, writing = false;
	await page.route(`**/api/messages/${group}?*`, async (route) => {
		const { searchParams } = new URL(route.request().url());
		// Nothing but the newest page is there to go on from.
		if (searchParams.has("after")) return route.fulfill({ status: 400, json: ["after_invalid"] });
		if (!searchParams.has("cursor")) await (writing && written.opened);
		else if (!asked++) await older.opened;
		return route.continue();
	});
	await until(async () => {
		await toTop(page);
		return asked;
	}, "older messages are asked for");
	// More than a page that nobody told of, so that the newest page has nothing in common with what is here.
	writing = true;
	for (let i = 61; i <= 120; i++) await unheard(bob, group, `Message ${i}`);
	written.open();
	await refreshing(page, 500);
	await page.locator(".message .text", { hasText: "Message 120" }).waitFor();
	assert.ok(!(await bubbles(page)).includes("Message 60"), "the page began anew");
	await toTop(page);
	older.open();
	await see(page, "Message 60");
	await toTop(page);
	await see(page, "Hello");
	assert.deepEqual(await bubbles(page), texts(await history(ann, group)));
	await page.context().close();
});

test("a message that comes while an earlier one is being read stays unread", async () => {
	const [ann, bob] = [await person("Ann Reads"), await person("Bob Reads")];
	const group = await met(ann, bob, "Message 1");
	for (let i = 2; i <= 40; i++) await say(bob, group, `Message ${i}`);
	const page = await enter(ann);
	await live(page);
	await badge(page, bob).filter({ hasText: "39" }).waitFor();
	const asked = gate(), answer = gate();
	await page.route("**/api/message_groups/*/read", async (route) => {
		const response = await route.fetch();
		asked.open();
		await answer.opened;
		return route.fulfill({ response });
	});
	await row(page, bob).click();
	await see(page, "Message 40");
	await scroller(page).evaluate((e) => (e.scrollTop = e.scrollHeight));
	await asked.opened;
	await toTop(page);
	await say(bob, group, "Message 41");
	await badge(page, bob).filter({ hasText: /^1 unread$/ }).waitFor();
	// No list that is read again repairs it.
	await page.route("**/api/message_groups?*", (route) => route.abort());
	const answered = page.waitForResponse("**/api/message_groups/*/read");
	answer.open();
	await (await answered).finished();
	await drawn(page);
	assert.deepEqual(await badge(page, bob).allTextContents(), ["1 unread"]);
	await page.context().close();
});
