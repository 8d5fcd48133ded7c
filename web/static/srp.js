// SPDX-License-Identifier: MIT
// The arithmetic of Cognito's USER_SRP_AUTH: SRP-6a (RFC 5054) with its own hash, key derivation and proof.

// The 3,072-bit group, generator 2, by the formula that RFC 3526 gives; pi is Machin's.
function prime() {
	const arctan = (x) => {
		let sum = 0n;
		for (let term = (1n << 3100n) / x, n = 1n; term; term /= -x * x, n += 2n) sum += term / n;
		return sum;
	};
	const pi = 4n * (4n * arctan(5n) - arctan(239n));
	return (1n << 3072n) - (1n << 3008n) - 1n + (((pi >> 158n) + 1690314n) << 64n);
}
const N = prime(), G = 2n;

const text = (string) => new TextEncoder().encode(string);
const mod = (value) => ((value % N) + N) % N;
const concat = (parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const number = (data) => BigInt("0x" + Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(""));

// As Java's BigInteger writes a number: whole bytes, a zero before a leading bit that is set.
function bytes(value) {
	let hex = value.toString(16);
	if (hex.length % 2) hex = "0" + hex;
	if (/^[89a-f]/.test(hex)) hex = "00" + hex;
	return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(parts)));

async function hmac(key, ...parts) {
	const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	return new Uint8Array(await crypto.subtle.sign("HMAC", imported, concat(parts)));
}

function power(base, exponent) {
	let result = 1n;
	for (base = mod(base); exponent; exponent >>= 1n) {
		if (exponent & 1n) result = (result * base) % N;
		base = (base * base) % N;
	}
	return result;
}

export function start(secret = number(crypto.getRandomValues(new Uint8Array(128)))) {
	const open = power(G, secret);
	return { secret, open, srpA: open.toString(16) };
}

// "Tue Nov 5 09:03:01 UTC 2024": in English and UTC wherever we are, the day without a zero.
export function timestamp(now = new Date()) {
	const [day, date, month, year, time] = now.toUTCString().split(/,? /);
	return `${day} ${month} ${+date} ${time} UTC ${year}`;
}

// The answer to PASSWORD_VERIFIER; `challenge` is Cognito's ChallengeParameters.
export async function claim(pool, password, { secret, open }, challenge, now = timestamp()) {
	const { USER_ID_FOR_SRP: user, SALT, SRP_B, SECRET_BLOCK: block } = challenge;
	const name = pool.split("_")[1];
	const B = BigInt("0x" + SRP_B);
	const u = number(await sha256(bytes(open), bytes(B)));
	if (!mod(B) || !u) throw new Error("SRP_B");
	const k = number(await sha256(bytes(N), bytes(G)));
	const x = number(await sha256(bytes(BigInt("0x" + SALT)), await sha256(text(`${name}${user}:${password}`))));
	const shared = power(B - k * power(G, x), secret + u * x);
	const key = await hmac(await hmac(bytes(u), bytes(shared)), text("Caldera Derived Key\x01"));
	const secretBlock = Uint8Array.from(atob(block), (char) => char.charCodeAt(0));
	const proof = await hmac(key.slice(0, 16), text(name + user), secretBlock, text(now));
	return {
		USERNAME: user,
		PASSWORD_CLAIM_SECRET_BLOCK: block,
		PASSWORD_CLAIM_SIGNATURE: btoa(String.fromCharCode(...proof)),
		TIMESTAMP: now,
	};
}
