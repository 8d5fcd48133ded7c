// SPDX-License-Identifier: MIT
// What people see and hear: hostile texts, a phone, the dark, the keyboard, axe-core; and the former front end.
import { BASE, PASSWORD, accessible, api, assert, bubbles, complained, enter, env, history, live, met, person, row, say, see, send,
	shot, test, until, window_ } from "./harness.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const HOSTILE = [
	"<img src=x onerror=alert(1)>",
	"<script>alert(1)</script><style>*{display:none}</style>",
	"\u202etxet desrever\u202c and \u202eunclosed",
	"\u2067\u2066\u2069\u2069\u2069 isolates",
	"שלום עולם (hello)",
	"&lt;b&gt; &amp; {{7*7}} ${alert(1)} javascript:alert(1)",
	"a".repeat(1024),
	"https://example.com/" + "path/".repeat(60),
	"line one\nline two\n\n    indented",
	"Z̸̢̛̯̫͚͖͈̈́͆̽̿͠á̴̡͍͙̟͔͔̇͐̈l̷̡͔̝̓̽̈́g̶̡̼̰̏o",
];

test("hostile texts are texts: nothing runs, nothing is turned around, nothing breaks out", async () => {
	const ann = await person("<img src=x onerror=alert(2)> Ann\u202e");
	const bob = await person("Bob Careful");
	const group = await met(ann, bob, HOSTILE[0]);
	for (const text of HOSTILE.slice(1)) await say(ann, group, text);
	const page = await enter(bob, `/messages/${group}`);
	await page.locator(".message .text").nth(HOSTILE.length - 1).waitFor();
	assert.deepEqual(await bubbles(page), HOSTILE);
	assert.equal(await page.locator("img:not([src='/static/icon.svg']), .talk script, .talk style, .talk a:not(.back)").count(), 0);
	assert.equal(await page.locator(".talk-head h2").textContent(), ann.name.replace("\u202e", ""));
	assert.ok(!(await page.title()).includes("\u202e"), "the title goes on in its own direction");
	// Nothing is wider than its place, and what is beside a text stays where it was.
	const wide = await page.evaluate(() => document.scrollingElement.scrollWidth > innerWidth ||
		[...document.querySelectorAll(".bubble")].some((e) => e.scrollWidth > e.clientWidth + 1));
	assert.ok(!wide);
	const directions = await page.locator(".message .text").evaluateAll((all) => all.map((e) => getComputedStyle(e).unicodeBidi));
	assert.deepEqual([...new Set(directions)], ["plaintext"]);
	const meta = await page.locator(".message .meta").evaluateAll((all) =>
		all.every((e) => getComputedStyle(e).direction === "ltr" && /^\d?\d:\d\d$/.test(e.innerText.trim())));
	assert.ok(meta);
	await shot(page, "hostile");
	await page.locator(".scroller").evaluate((e) => (e.scrollTop = 0));
	await shot(page, "hostile-top");
	await page.context().close();
});

test("1,024 emoji fit, one more does not, and both sides see them whole", async () => {
	const [ann, bob] = [await person("Ann Emoji"), await person("Bob Emoji")];
	const group = await met(ann, bob, "Hello");
	const [a, b] = [await enter(ann, `/messages/${group}`), await enter(bob, `/messages/${group}`)];
	await Promise.all([live(a), live(b)]);
	const text = a.getByLabel("Your message");
	await text.fill("💜".repeat(1025));
	await a.getByText("1 too many").waitFor();
	await a.getByRole("button", { name: "Send" }).click();
	assert.equal((await bubbles(a)).length, 1);
	await shot(a, "too-many");
	await text.fill("💜".repeat(1024));
	await a.getByText("0 left").waitFor();
	await a.getByRole("button", { name: "Send" }).click();
	await until(async () => (await bubbles(b))[1] === "💜".repeat(1024), "there");
	assert.equal((await history(bob, group))[1].message, "💜".repeat(1024));
	await text.fill("  \u3000 \u0085 ");
	await a.getByRole("button", { name: "Send" }).click();
	assert.equal(await text.inputValue(), "  \u3000 \u0085 ");
	await shot(b, "emoji");
	await Promise.all([a.context().close(), b.context().close()]);
});

test("days are divided, and times are those of the place", async () => {
	const [ann, bob] = [await person("Ann Days"), await person("Bob Days")];
	const group = await met(ann, bob, "Now");
	const times = ["2021-12-31T23:30:00.000000+00:00", "2022-01-01T00:30:00.000000+00:00"];
	const page = await window_({ timezoneId: "America/New_York" });
	await page.route(`**/api/messages/${group}?*`, async (route) => {
		const now = await (await route.fetch()).json();
		const old = times.map((created_at, i) => ({ ...now[0], uuid: `0000000${i}-0000-4000-8000-000000000000`,
			message: `Old ${i}`, created_at }));
		return route.fulfill({ json: [...old, ...now] });
	});
	await page.goto(`${BASE}/messages/${group}`);
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await see(page, "Old 1");
	// 23:30 and 0:30 in UTC are one evening in New York.
	assert.deepEqual((await page.locator(".day:not(.new)").allTextContents()), ["31 December 2021", "Today"]);
	assert.deepEqual((await page.locator(".message time").allTextContents()).slice(0, 2), ["18:30", "19:30"]);
	await page.context().close();
});

test("on a phone there is one column, and a way back", async () => {
	const [ann, bob] = [await person("Ann Phone"), await person("Bob Phone")];
	const group = await met(ann, bob, "Are you on your phone?");
	for (const text of ["Yes, on the train.", "Then I will be short: the tickets are at the desk, under your name, and the " +
		"door is open until eight."]) await say(bob, group, text);
	await say(await person("Carla Carrier"), ann, "Your parcel is here 📦");
	const page = await enter(ann, "/messages", PHONE);
	await row(page, bob).waitFor();
	await shot(page, "phone-list");
	const fits = () => page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth);
	assert.ok(await fits());
	assert.ok(!(await page.locator(".pane").isVisible()));
	await row(page, bob).tap();
	await see(page, "the tickets are at the desk");
	assert.ok(!(await page.locator(".list").isVisible()));
	assert.ok(await fits());
	await page.getByLabel("Your message").tap();
	await page.keyboard.type("Thanks!");
	await page.keyboard.press("Enter");
	assert.equal(await page.getByLabel("Your message").inputValue(), "Thanks!\n", "Enter is a new line here");
	await page.getByRole("button", { name: "Send" }).tap();
	await see(page, "Thanks!");
	await shot(page, "phone-talk");
	// Everything to tap is large enough to be hit.
	const small = await page.locator("button:visible, .round:visible").evaluateAll((all) =>
		all.filter((e) => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24).map((e) => e.outerHTML));
	assert.deepEqual(small, []);
	await page.getByRole("link", { name: "Back to all conversations" }).tap();
	await row(page, bob).waitFor();
	await page.goBack();
	await see(page, "Thanks!");
	await page.context().close();
});

// tour(): every page there is, one after the other.
async function tour(options, name) {
	const [ann, bob, eve] = [await person("Ann Access"), await person("Bob Access"), await person("Eve Access")];
	const group = await met(ann, bob, "Shall we say Thursday, at seven?");
	await say(bob, group, "Thursday is good. I'll bring the soup.");
	await say(ann, group, "Then I'll do bread, cheese and something sweet 🍰");
	await met(eve, ann, "Did you see the moon last night?");
	const page = await window_(options);
	const look = async (what) => {
		await accessible(page, `${name}: ${what}`);
		await shot(page, `${name}-${what}`);
	};
	await page.goto(BASE);
	await page.getByLabel("Password").waitFor();
	await look("sign-in");
	await page.getByRole("button", { name: "Sign in" }).click();
	await look("sign-in-error");
	await page.getByLabel("Handle or e-mail").fill(ann.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await row(page, bob).waitFor();
	await live(page);
	await look("list");
	await row(page, bob).click();
	await see(page, "cheese");
	await look("talk");
	await page.route("**/api/messages", (route) => route.fulfill({ status: 404, json: ["message_group_not_found"] }));
	await send(page, "This one is refused");
	await page.locator(".failed").waitFor();
	await page.context().setOffline(true);
	await send(page, "This one waits");
	await page.locator(".waiting").waitFor();
	await page.getByLabel("Your message").fill("long ".repeat(250));
	await look("trouble");
	await page.context().setOffline(false);
	await page.unroute("**/api/messages");
	await page.goto(`${BASE}/messages/new`);
	await page.getByLabel("Handle of the person").waitFor();
	await look("new");
	const dan = await person("Dan Access");
	await page.goto(`${BASE}/messages/new/${dan.handle}`);
	await page.getByText("This is the beginning").waitFor();
	await look("new-talk");
	await page.goto(`${BASE}/nowhere`);
	await page.getByRole("heading", { name: "Not found" }).waitFor();
	await look("not-found");
	await page.route("**/api/users/me", (route) => route.fulfill({ status: 503, json: ["service_unavailable"] }));
	await page.reload();
	await page.getByRole("heading", { name: "No answer" }).waitFor();
	await look("no-answer");
	await page.context().close();
}

test("axe-core has nothing to say in the light", () => tour({}, "light"));
test("axe-core has nothing to say in the dark, and it is dark", async () => {
	await tour({ colorScheme: "dark" }, "dark");
	const page = await window_({ colorScheme: "dark" });
	await page.goto(BASE);
	const [, r, g, b] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/(\d+), (\d+), (\d+)/);
	assert.ok(Number(r) + Number(g) + Number(b) < 150);
	await page.context().close();
});
test("axe-core has nothing to say on a phone", () => tour(PHONE, "phone"));

test("everything works by keyboard, and the focus is where one goes on", async () => {
	const [ann, bob] = [await person("Ann Keys"), await person("Bob Keys")];
	await met(bob, ann, "Only keys");
	await met(await person("Eve Keys"), ann, "Another one");
	const page = await window_();
	await page.goto(BASE);
	const focused = () => page.evaluate(() => {
		const { id, textContent, tagName, ariaLabel } = document.activeElement;
		return tagName === "BODY" ? "" : id || ariaLabel || textContent;
	});
	await page.getByLabel("Password").waitFor();
	assert.equal(await focused(), "username");
	await page.keyboard.type(ann.handle);
	await page.keyboard.press("Tab");
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press("Enter");
	await row(page, bob).waitFor();
	while (!(await focused()).includes("Eve Keys")) await page.keyboard.press("Tab");
	await page.keyboard.press("Tab");
	assert.match(await focused(), /Bob Keys/);
	await page.keyboard.press("Enter");
	await see(page, "Only keys");
	assert.equal(await focused(), "Your message");
	await page.keyboard.type("Line one");
	await page.keyboard.press("Shift+Enter");
	await page.keyboard.type("line two");
	await page.keyboard.press("Enter");
	await see(page, "Line one\nline two");
	assert.equal(await focused(), "Your message");
	await page.keyboard.press("Shift+Tab");
	assert.equal(await focused(), "Messages");
	await page.context().close();
});

test("what arrives is said aloud", async () => {
	const [ann, bob, eve] = [await person("Ann Hears"), await person("Bob Speaks"), await person("Eve Speaks")];
	const group = await met(bob, ann, "Hello");
	const page = await enter(ann, `/messages/${group}`);
	await live(page);
	await say(bob, group, "Do you hear me?");
	await page.locator("#status", { hasText: "Bob Speaks: Do you hear me?" }).waitFor({ state: "attached" });
	await met(eve, ann, "And me?");
	await page.locator("#status", { hasText: "New message from Eve Speaks" }).waitFor({ state: "attached" });
	await page.context().close();
});

test("the former front end's calls work from its own origin", async () => {
	const [ann, bob] = [await person("Ann Former"), await person("Bob Former")];
	const page = await window_();
	// Chromium asks a person before a page may talk to this machine; in production neither is this machine.
	await page.context().grantPermissions(["local-network-access"]);
	// Its page; the calls it makes go the whole way, and the browser decides on what it may read.
	await page.route(`${env.FRONTEND_URL}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>x</title>" }));
	await page.goto(`${env.FRONTEND_URL}/messages`);
	const calls = (args) => page.evaluate(async ({ base, token, handle }) => {
		const headers = { Authorization: `Bearer ${token}`, Accept: "application/json", "Content-Type": "application/json" };
		const send = (body) => fetch(`${base}/api/messages`, { method: "POST", headers, body: JSON.stringify(body) });
		const started = await send({ message: "From React", handle });
		const first = await started.json();
		const again = await send({ message: "Again", message_group_uuid: first.message_group_uuid });
		const groups = await fetch(`${base}/api/message_groups`, { headers });
		const page1 = await fetch(`${base}/api/messages/${first.message_group_uuid}?limit=1`, { headers });
		const short = await fetch(`${base}/api/users/@${handle}/short`, { headers });
		const refused = await fetch(`${base}/api/message_groups`, { headers: { ...headers, Authorization: "Bearer x" } });
		return {
			statuses: [started, again, groups, page1, short, refused].map(({ status }) => status),
			group: first.message_group_uuid, groups: await groups.json(), messages: await page1.json(),
			link: page1.headers.get("Link"), id: page1.headers.get("X-Request-Id"), short: await short.json(),
		};
	}, args);
	const seen = await calls({ base: BASE, token: ann.tokens.AccessToken, handle: bob.handle });
	assert.deepEqual(seen.statuses, [200, 200, 200, 200, 200, 401]);
	assert.equal(seen.groups[0].uuid, seen.group);
	assert.equal(seen.groups[0].handle, bob.handle);
	assert.equal(seen.messages[0].message, "Again");
	assert.equal(seen.short.display_name, bob.name);
	assert.match(seen.link, /rel="next"/);
	assert.match(seen.id, /^[0-9a-f]{32}$/);
	// A stranger's page may read nothing of it.
	await page.route("http://stranger.test/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
	await page.goto("http://stranger.test/");
	await assert.rejects(calls({ base: BASE, token: ann.tokens.AccessToken, handle: bob.handle }), /Failed to fetch/);
	assert.equal((await api(bob, "GET", "/api/message_groups")).length, 1);
	await page.context().close();
});

test("in all of this no script failed and the policy was never broken", () => {
	assert.deepEqual(complained(), []);
});
