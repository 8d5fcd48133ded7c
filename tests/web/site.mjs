// SPDX-License-Identifier: MIT
// What nginx serves: sizes, headers, addresses. No browser is needed for it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ROOT, BASE, COGNITO, assert, test } from "./harness.mjs";

const WEB = path.join(ROOT, "web");
const MOST_BYTES = 60000;

const files = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
	entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]);

test("all of web/ is under 60 KB, uncompressed", () => {
	const sum = files(WEB).reduce((bytes, file) => bytes + statSync(file).size, 0);
	assert.ok(sum < MOST_BYTES, `${sum} bytes`);
});

test("no file has markup made of text, an inline script or an inline style", () => {
	for (const file of files(WEB)) {
		const text = readFileSync(file, "utf8");
		assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, file);
		if (file.endsWith(".html")) assert.doesNotMatch(text, /\son\w+=|\sstyle=|<style|<script(?![^>]*src=)/, file);
	}
});

const PAGES = ["/", "/messages", "/messages/new", "/messages/new/andrewbrown", "/messages/new/%40a.b",
	"/messages/5ae290ed-55d1-47a0-bc6d-fe2bc2700399", "/messages/5AE290ED-55D1-47A0-BC6D-FE2BC2700399"];

test("every page has the policy, without anything unsafe, and is asked for anew", async () => {
	for (const page of PAGES) {
		const answer = await fetch(BASE + page);
		assert.equal(answer.status, 200, page);
		assert.match(await answer.text(), /<!doctype html>/, page);
		const policy = Object.fromEntries(answer.headers.get("Content-Security-Policy").split(";")
			.map((part) => part.trim().split(" ")).map(([name, ...values]) => [name, values.join(" ")]));
		assert.equal(policy["default-src"], "'none'");
		assert.equal(policy["script-src"], "'self'");
		assert.equal(policy["style-src"], "'self'");
		assert.equal(policy["connect-src"], `'self' ${COGNITO}`);
		assert.equal(policy["form-action"], "'none'");
		assert.equal(policy["base-uri"], "'none'");
		assert.equal(policy["frame-ancestors"], "'none'");
		assert.doesNotMatch(JSON.stringify(policy), /unsafe|\*|data:|blob:/);
		assert.equal(answer.headers.get("X-Content-Type-Options"), "nosniff");
		assert.equal(answer.headers.get("Referrer-Policy"), "no-referrer");
		assert.equal(answer.headers.get("Cache-Control"), "no-cache");
		assert.equal(answer.headers.get("Content-Type"), "text/html; charset=utf-8");
	}
});

test("files have their types, and 304 while they are the same", async () => {
	const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml; charset=utf-8" };
	for (const file of files(path.join(WEB, "static"))) {
		const url = `${BASE}/static/${path.basename(file)}`;
		const answer = await fetch(url);
		assert.equal(answer.status, 200, url);
		assert.equal(await answer.text(), readFileSync(file, "utf8"), url);
		assert.equal(answer.headers.get("Content-Type"), types[file.split(".").pop()], url);
		assert.equal(answer.headers.get("Cache-Control"), "no-cache", url);
		assert.ok(answer.headers.get("Content-Security-Policy"), url);
		const again = await fetch(url, { headers: { "If-None-Match": answer.headers.get("ETag") } });
		assert.equal(again.status, 304, url);
	}
});

test("what is not there is a page for people and a code for programs, 404 for both", async () => {
	for (const url of ["/nothing", "/messages/", "/messages/x/y", "/messages/new/a/b", "/index.html", "/static/", "/settings"]) {
		const program = await fetch(BASE + url);
		assert.equal(program.status, 404, url);
		assert.deepEqual(await program.json(), ["not_found"], url);
		const people = await fetch(BASE + url, { headers: { Accept: "text/html,*/*;q=0.8" } });
		assert.equal(people.status, 404, url);
		assert.match(await people.text(), url === "/static/" ? /not_found/ : /<!doctype html>/, url);
		assert.ok(url === "/static/" || people.headers.get("Content-Security-Policy"), url);
	}
});

test("nothing below /api is ever the page, whatever is accepted", async () => {
	for (const url of ["/api", "/api/", "/api/nothing", "/api/messages/new/x", "/api/index.html", "/api/static/app.js"]) {
		const answer = await fetch(BASE + url, { headers: { Accept: "text/html" } });
		assert.equal(answer.status, 404, url);
		assert.deepEqual(await answer.json(), ["not_found"], url);
		assert.equal(answer.headers.get("Content-Security-Policy"), null, url);
	}
});

test("the page's settings are those of the stack", async () => {
	const answer = await fetch(`${BASE}/settings.json`);
	const settings = await answer.json();
	assert.equal(answer.headers.get("Content-Type"), "application/json");
	assert.equal(settings.cognito, COGNITO);
	assert.deepEqual(Object.keys(settings).sort(), ["client", "cognito", "sign_in", "user_pool"]);
});

test("a path that climbs out of web/ leads nowhere", async () => {
	for (const url of ["/static/..%2f..%2fscripts/dev", "/static/../../README.md", "/static/%2e%2e/index.html"]) {
		assert.notEqual((await fetch(BASE + url)).status, 200, url);
	}
});
