// SPDX-License-Identifier: MIT
// What the tests of the web client stand on: a stack (the running one, if BASE_URL says so, else one of its own),
// people with Cognito accounts, and a real Chromium. Nothing is mocked here.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { randomBytes, randomUUID } from "node:crypto";
import { after, test as nodeTest } from "node:test";
import path from "node:path";
import assert from "node:assert/strict";

export { assert };
export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const tools = createRequire(path.join(process.env.CRUDDUR_WEB_TOOLS ?? ".", "tools.js"));
const { chromium } = tools("playwright-core");
const AXE = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];
// How long anything may take to show on a busy machine.
const FACTOR = Number(process.env.CRUDDUR_TEST_TIME_FACTOR ?? 1) * Number(process.env.CRUDDUR_TEST_PATIENCE ?? 1);
export const PATIENCE_MS = 15000 * FACTOR;
const TEST_MS = 120000 * FACTOR;
// Where pictures of the pages go, if anywhere.
const SHOTS = process.env.CRUDDUR_WEB_SHOTS;
// Each call of a page waits up to so long, so that answers come late and in another order than they were asked for.
const DELAY_MS = Number(process.env.CRUDDUR_WEB_DELAY_MS ?? 0);

// What failed is easier to understand with what people saw and the stream's consumer said.
export const test = (name, body) => nodeTest(name, { timeout: TEST_MS }, async (...context) => {
	try {
		await body(...context);
	} catch (error) {
		error.message += `\n${await evidence()}`;
		throw error;
	}
});

// --- the stack ---

async function freePorts(count) {
	const listen = (port) => new Promise((resolve) => {
		const server = createServer().once("error", () => resolve(null));
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
	for (;;) {
		const base = 20000 + (randomBytes(2).readUInt16BE() % 12000);
		const servers = [];
		for (let i = 0; i < count; i++) servers.push(await listen(base + i));
		servers.forEach((server) => server?.close());
		if (servers.every(Boolean)) return base;
	}
}

let own = null;

function dev(...words) {
	const done = spawnSync(path.join(ROOT, "scripts/dev"), words, { env: own.env, encoding: "utf8" });
	assert.equal(done.status, 0, `scripts/dev ${words.join(" ")}: ${done.stderr.slice(-3000)}`);
	return done.stdout;
}

async function ownStack() {
	const parent = path.join(ROOT, "var");
	mkdirSync(parent, { recursive: true });
	const folder = mkdtempSync(path.join(parent, "test-web-"));
	own = {
		folder,
		env: {
			...process.env, CRUDDUR_VAR: folder, CRUDDUR_PORT_BASE: String(await freePorts(12)),
			CRUDDUR_BUILD_DIR: process.env.CRUDDUR_BUILD_DIR ?? path.join(folder, "build"),
		},
	};
	dev("up", "--no-demo");
	const lines = dev("env").matchAll(/^export (\w+)='(.*)'$/gm);
	return Object.fromEntries([...lines].map(([, name, value]) => [name, value.replaceAll("'\\''", "'")]));
}

export const env = process.env.BASE_URL ? process.env : await ownStack();
export const BASE = env.BASE_URL;
export const COGNITO = env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
export const PASSWORD = "Testing-1234!";

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });

after(async () => {
	await browser.close();
	if (!own) return;
	dev("down");
	rmSync(own.folder, { recursive: true, force: true });
});

async function evidence() {
	const pages = browser.contexts().flatMap((context) => context.pages());
	const seen = pages.map(async (page) => `${page.url()}: ${await page.locator("body").innerText({ timeout: 1000 })}`);
	const said = own ? readFileSync(path.join(own.folder, "log/stream.log"), "utf8").trim().split("\n").slice(-12) : [];
	return [...(await Promise.allSettled(seen)).map(({ value, reason }) => (value ?? `${reason}`).slice(0, 1500)), ...said].join("\n");
}

// --- people ---

export async function cognito(action, body) {
	const answer = await fetch(`${COGNITO}/`, {
		method: "POST",
		headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${action}` },
		body: JSON.stringify(body),
	});
	const data = await answer.json();
	assert.ok(answer.ok, `${action}: ${JSON.stringify(data)}`);
	return data;
}

const pool = { UserPoolId: env.AWS_COGNITO_USER_POOL_ID };
export const client = env.AWS_COGNITO_USER_POOL_CLIENT_ID.split(",")[0];
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

export const sql = (input) => execFileSync("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", env.CONNECTION_URL, "-f", "-"],
	{ input });

// person(name): somebody new, with an account and a row.
export async function person(name, { inPostgres = true, newPassword = false } = {}) {
	const handle = `${name.toLowerCase().replace(/[^a-z]/g, "").slice(0, 12) || "somebody"}${randomBytes(3).toString("hex")}`;
	const made = await cognito("AdminCreateUser", { ...pool, Username: handle, MessageAction: "SUPPRESS",
		UserAttributes: [{ Name: "email", Value: `${handle}@example.com` }] });
	if (!newPassword) await cognito("AdminSetUserPassword", { ...pool, Username: handle, Password: PASSWORD, Permanent: true });
	const sub = made.User.Attributes.find(({ Name }) => Name === "sub").Value;
	if (inPostgres) {
		sql(`INSERT INTO public.users (display_name, handle, email, cognito_user_id) VALUES
			(${quoted(name)}, ${quoted(handle)}, ${quoted(`${handle}@example.com`)}, ${quoted(sub)});`);
	}
	return { name, handle, tokens: newPassword ? null : await tokens(handle) };
}

export async function tokens(handle) {
	const answer = await cognito("InitiateAuth", { ClientId: client, AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: { USERNAME: handle, PASSWORD } });
	return answer.AuthenticationResult;
}

// api(): as somebody, past the browser.
export async function api(who, method, url, body) {
	const answer = await fetch(BASE + url, {
		method,
		headers: { Authorization: `Bearer ${who.tokens.AccessToken}`, ...(body && { "Content-Type": "application/json" }) },
		body: body && JSON.stringify(body),
	});
	const data = await answer.json();
	assert.equal(answer.status, 200, `${method} ${url}: ${answer.status} ${JSON.stringify(data)}`);
	return data;
}

export const say = (who, to, message) => api(who, "POST", "/api/messages",
	to.handle ? { handle: to.handle, message } : { message_group_uuid: to, message });

// unheard(): a message as a worker leaves it that ends between storing and publishing it.
export async function unheard(who, group, message) {
	const me = await api(who, "GET", "/api/users/me");
	const row = { pk: `MSG#${group}`, sk: new Date().toISOString().replace("Z", "000+00:00"), message_uuid: randomUUID(), message,
		user_uuid: me.uuid, user_display_name: me.display_name, user_handle: me.handle };
	const answer = await fetch(env.AWS_ENDPOINT_URL_DYNAMODB, {
		method: "POST",
		headers: {
			"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem", "X-Amz-Date": "20260101T000000Z",
			// DynamoDB Local looks at the key's name alone.
			Authorization: `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/20260101/${env.AWS_REGION}/dynamodb/aws4_request, ` +
				"SignedHeaders=host;x-amz-date, Signature=0",
		},
		body: JSON.stringify({ TableName: env.CRUDDUR_MESSAGES_TABLE,
			Item: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, { S: value }])) }),
	});
	assert.equal(answer.status, 200, await answer.text());
}

// met(a, b): the UUID of a conversation of theirs with one message of a.
export const met = async (a, b, message = "Hello") => (await say(a, b, message)).message_group_uuid;

// history(): every message of a conversation, oldest first, through the API's pages.
export async function history(who, group) {
	const all = [];
	let url = `/api/messages/${group}?limit=100`;
	while (url) {
		const answer = await fetch(BASE + url, { headers: { Authorization: `Bearer ${who.tokens.AccessToken}` } });
		all.unshift(...(await answer.json()));
		url = /<([^>]*)>/.exec(answer.headers.get("Link") ?? "")?.[1];
	}
	return all;
}

// --- browsers ---

const complaints = [];

async function newContext(options) {
	const context = await browser.newContext({ viewport: { width: 1200, height: 780 }, locale: "en-GB", timezoneId: "Europe/Berlin",
		...options });
	context.setDefaultTimeout(PATIENCE_MS);
	if (DELAY_MS) {
		await context.route("**/api/**", async (route) => {
			await new Promise((resolve) => setTimeout(resolve, Math.random() * DELAY_MS));
			// A page that has left meanwhile has taken its call with it.
			await route.continue().catch(() => {});
		});
	}
	return context;
}

// window_(): a page in a context of its own, or in that of another page.
export async function window_(options = {}, context = null) {
	context ??= await newContext(options);
	const page = await context.newPage();
	// What the policy or the scripts themselves complain of fails the run, whichever test it was in.
	page.on("pageerror", (error) => complaints.push(`${error.stack}`));
	page.on("console", (message) => {
		if (/Content.Security.Policy|TrustedHTML|Trusted ?Type/i.test(message.text())) complaints.push(message.text());
	});
	page.on("dialog", (dialog) => {
		if (dialog.type() !== "beforeunload") complaints.push(`a dialog: ${dialog.message()}`);
		dialog.accept().catch(() => {});
	});
	return page;
}

export const complained = () => complaints;

export async function signIn(page, who, { at = "/" } = {}) {
	await page.goto(BASE + at);
	await page.getByLabel("Handle or e-mail").fill(who.handle);
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.locator(".bar").waitFor({ state: "attached" });
}

// enter(): a window of somebody's that is signed in, at that address.
export async function enter(who, at = "/messages", options = {}) {
	const page = await window_(options);
	await signIn(page, who, { at });
	return page;
}

export async function send(page, text) {
	await page.getByLabel("Your message").fill(text);
	await page.getByRole("button", { name: "Send" }).click();
}

// bubbles(): the texts of a conversation as they stand on the page.
export const bubbles = (page) => page.locator(".message .text").allTextContents();

// until(): waits for a condition outside of the browser; `what` is words, or a function that says how far it came.
export async function until(condition, what) {
	const deadline = Date.now() + PATIENCE_MS;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (Date.now() >= deadline) assert.fail(`waited in vain: ${typeof what === "string" ? what : await what()}`);
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

export const see = (page, text) => page.locator(".message .text", { hasText: text }).first().waitFor();
export const row = (page, who) => page.locator(".row", { hasText: who.name });
export const badge = (page, who) => row(page, who).locator(".badge");

export const scroller = (page) => page.getByRole("region", { name: "Messages" });

// gate(): what awaits its `opened` goes on once somebody calls its open().
export function gate() {
	const made = {};
	made.opened = new Promise((resolve) => (made.open = resolve));
	return made;
}

// allRead(): the conversation is in the list, and nothing of it is unread.
export async function allRead(page, who) {
	await row(page, who).waitFor();
	await badge(page, who).waitFor({ state: "detached" });
}

// live(): the stream of that window is open.
export const live = (page) => page.locator("#app[data-live=true]").waitFor();

let shots = 0;
export async function shot(page, name) {
	if (!SHOTS) return;
	mkdirSync(SHOTS, { recursive: true });
	await page.screenshot({ path: path.join(SHOTS, `${String(++shots).padStart(2, "0")}-${name}.png`) });
}

// accessible(): axe-core has nothing to say about the page as it is.
export async function accessible(page, what) {
	await page.evaluate(AXE);
	const { violations } = await page.evaluate(() => globalThis.axe.run());
	const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
	assert.deepEqual(told, [], what);
}
