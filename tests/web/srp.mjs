// SPDX-License-Identifier: MIT
// The arithmetic of sign-in: against Amazon's own client (srp_vectors.json), against the other side of the
// protocol, which is written here a second time, and in the browser. cognito-local knows no SRP.
import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, BASE, COGNITO, PASSWORD, assert, person, test, tokens, window_ } from "./harness.mjs";

// Debian's node takes a .js outside of a package for another kind of module, and has this global only on demand.
globalThis.crypto ??= webcrypto;
const srp = await import(`data:text/javascript,${encodeURIComponent(readFileSync(path.join(ROOT, "web/static/srp.js"), "utf8"))}`);
const { vectors } = JSON.parse(readFileSync(path.join(ROOT, "tests/web/srp_vectors.json"), "utf8"));

const N = BigInt(`0x${getDiffieHellman("modp15").getPrime("hex")}`);
const big = (data) => BigInt(`0x${Buffer.from(data).toString("hex")}`);
const hash = (...parts) => parts.reduce((sum, part) => sum.update(part), createHash("sha256")).digest();

function pow(base, exponent) {
	let result = 1n;
	for (const bit of exponent.toString(2)) result = (result * result * (bit === "1" ? base : 1n)) % N;
	return result;
}

// Two's complement, the shortest: what Java's toByteArray gives.
function signed(number) {
	const hex = number.toString(16);
	const even = hex.length % 2 ? `0${hex}` : hex;
	return Buffer.from(parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even, "hex");
}

// Cognito's side: it has the verifier, and never sees the password.
class Verifier {
	constructor(pool, user, password) {
		this.pool = pool.split("_")[1];
		this.user = user;
		this.salt = big(randomBytes(16));
		this.v = pow(2n, big(hash(signed(this.salt), hash(`${this.pool}${user}:${password}`))));
		this.block = randomBytes(1200);
	}

	challenge(srpA) {
		this.A = BigInt(`0x${srpA}`);
		this.b = big(randomBytes(64));
		const k = big(hash(signed(N), signed(2n)));
		this.B = (k * this.v + pow(2n, this.b)) % N;
		return { USER_ID_FOR_SRP: this.user, SALT: this.salt.toString(16), SRP_B: this.B.toString(16),
			SECRET_BLOCK: this.block.toString("base64"), USERNAME: this.user };
	}

	accepts({ USERNAME, PASSWORD_CLAIM_SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE, TIMESTAMP }) {
		const u = big(hash(signed(this.A), signed(this.B)));
		const S = pow((this.A * pow(this.v, u)) % N, this.b);
		const key = Buffer.from(hkdfSync("sha256", signed(S), signed(u), "Caldera Derived Key", 16));
		const block = Buffer.from(PASSWORD_CLAIM_SECRET_BLOCK, "base64");
		const mac = createHmac("sha256", key).update(this.pool).update(this.user).update(block).update(TIMESTAMP);
		const age = Math.abs(Date.now() - Date.parse(TIMESTAMP));
		return USERNAME === this.user && block.equals(this.block) && age < 300000 &&
			/^\w{3} \w{3} [1-9]\d? \d\d:\d\d:\d\d UTC \d{4}$/.test(TIMESTAMP) && mac.digest("base64") === PASSWORD_CLAIM_SIGNATURE;
	}
}

test("SRP: the same proofs as Amazon's client for the same secrets", async () => {
	assert.ok(vectors.length > 5);
	for (const vector of vectors) {
		const begun = srp.start(BigInt(`0x${vector.secret}`));
		assert.equal(begun.srpA, vector.srp_a);
		const claim = await srp.claim(vector.pool, vector.password, begun, { USER_ID_FOR_SRP: vector.user,
			SRP_B: vector.srp_b, SALT: vector.salt, SECRET_BLOCK: vector.secret_block }, vector.timestamp);
		assert.equal(claim.PASSWORD_CLAIM_SIGNATURE, vector.signature);
		assert.equal(claim.USERNAME, vector.user);
	}
});

test("SRP: the other side believes the right password, whatever leading bits the numbers have, and no other", async () => {
	for (let round = 0; round < 40; round++) {
		const side = new Verifier("eu-west-1_Pool", "londo", "Testing-1234!");
		const begun = srp.start();
		const challenge = side.challenge(begun.srpA);
		assert.ok(side.accepts(await srp.claim("eu-west-1_Pool", "Testing-1234!", begun, challenge)));
		if (round % 8 === 0) assert.ok(!side.accepts(await srp.claim("eu-west-1_Pool", "Testing-1234", begun, challenge)));
	}
});

test("SRP: numbers that would give the secret away are refused", async () => {
	const challenge = { USER_ID_FOR_SRP: "londo", SALT: "ab", SECRET_BLOCK: "AAAA" };
	for (const bad of ["0", N.toString(16), (2n * N).toString(16)]) {
		await assert.rejects(srp.claim("a_b", "x", srp.start(), { ...challenge, SRP_B: bad }), /SRP_B/);
	}
});

test("SRP: times are in English and UTC, days without a zero", () => {
	assert.equal(srp.timestamp(new Date("2024-11-05T09:03:01Z")), "Tue Nov 5 09:03:01 UTC 2024");
	assert.equal(srp.timestamp(new Date("2025-02-28T23:59:59Z")), "Fri Feb 28 23:59:59 UTC 2025");
});

// withSrp(): a window whose pool speaks SRP; everything else is cognito-local's.
async function withSrp(who, options) {
	const page = await window_(options);
	const calls = [];
	const pool = "us-east-1_WithSrp00";
	const side = new Verifier(pool, who.handle, PASSWORD);
	await page.route(`${BASE}/settings.json`, async (route) => {
		const json = await (await route.fetch()).json();
		return route.fulfill({ json: { ...json, user_pool: pool, sign_in: "srp" } });
	});
	await page.route(`${COGNITO}/`, async (route) => {
		const request = route.request();
		if (request.method() === "OPTIONS") return route.continue();
		const action = request.headers()["x-amz-target"].split(".")[1];
		const body = request.postDataJSON();
		calls.push({ action, body });
		const answer = (status, json) => route.fulfill({ status, json, headers: { "Access-Control-Allow-Origin": "*" } });
		if (body.AuthFlow === "USER_SRP_AUTH") {
			return answer(200, { ChallengeName: "PASSWORD_VERIFIER",
				ChallengeParameters: side.challenge(body.AuthParameters.SRP_A), Session: "one" });
		}
		if (action !== "RespondToAuthChallenge" || body.ChallengeName !== "PASSWORD_VERIFIER") return route.continue();
		if (!side.accepts(body.ChallengeResponses) || body.Session !== "one") {
			return answer(400, { __type: "NotAuthorizedException", message: "Incorrect username or password." });
		}
		return answer(200, { AuthenticationResult: await tokens(who.handle), ChallengeParameters: {} });
	});
	return { page, calls };
}

test("SRP: signing in in the browser, wrong and right, without the password ever leaving it", async () => {
	const who = await person("Delenn of Mir");
	const { page, calls } = await withSrp(who);
	await page.goto(BASE);
	await page.getByLabel("Handle or e-mail").fill(who.handle);
	await page.getByLabel("Password").fill("wrong");
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();
	await page.getByLabel("Password").fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.locator(".bar", { hasText: who.name }).waitFor();
	assert.deepEqual(calls.map(({ action }) => action), ["InitiateAuth", "RespondToAuthChallenge", "InitiateAuth",
		"RespondToAuthChallenge"]);
	assert.ok(!JSON.stringify(calls).includes(PASSWORD) && !JSON.stringify(calls).includes("wrong"));
	await page.context().close();
});

test("a pool elsewhere never gets a plain password, whatever the settings say", async () => {
	const page = await window_({ bypassCSP: true });
	const elsewhere = "https://cognito-idp.us-east-1.amazonaws.com";
	const bodies = [];
	await page.route(`${BASE}/settings.json`, (route) => route.fulfill({
		json: { cognito: elsewhere, user_pool: "us-east-1_X", client: "x", sign_in: "password" } }));
	await page.route(`${elsewhere}/**`, (route) => {
		bodies.push(route.request().postData() ?? "");
		return route.fulfill({ status: 400, json: { __type: "NotAuthorizedException" }, headers: {
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" } });
	});
	await page.goto(BASE);
	await page.getByLabel("Handle or e-mail").fill("londo");
	await page.getByLabel("Password").fill("top-secret-word");
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
	assert.ok(bodies.some((body) => body.includes("USER_SRP_AUTH")));
	assert.ok(!bodies.join().includes("top-secret-word"));
	await page.context().close();
});
