// SPDX-License-Identifier: MIT
// The arithmetic of Cognito's USER_SRP_AUTH: SRP-6a as in RFC 5054, with Cognito's own password hash, key
// derivation and proof. Nothing here talks to anybody.

// The 3,072-bit group of RFC 3526, generator 2.
const N_HEX = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
const N = BigInt("0x" + N_HEX);
const G = 2n;

const subtle = crypto.subtle;
const text = (string) => new TextEncoder().encode(string);
const mod = (value) => ((value % N) + N) % N;

const concat = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const toHex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const fromBase64 = (string) => Uint8Array.from(atob(string), (char) => char.charCodeAt(0));
const toBase64 = (data) => btoa(String.fromCharCode(...data));

// A number as Java's BigInteger writes it: whole bytes, and a zero before a leading bit that is set.
function bytes(number) {
	let hex = number.toString(16);
	if (hex.length % 2) hex = "0" + hex;
	return fromHex(/^[89a-f]/.test(hex) ? "00" + hex : hex);
}

const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", concat(...parts)));
const asNumber = (data) => BigInt("0x" + toHex(data));

async function hmac(key, ...parts) {
	const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	return new Uint8Array(await subtle.sign("HMAC", imported, concat(...parts)));
}

function power(base, exponent) {
	let result = 1n;
	for (base = mod(base); exponent > 0n; exponent >>= 1n) {
		if (exponent & 1n) result = (result * base) % N;
		base = (base * base) % N;
	}
	return result;
}

// start(): the secret number and what Cognito is told of it, in hex.
export function start(secret = asNumber(crypto.getRandomValues(new Uint8Array(128)))) {
	const open = power(G, secret);
	return { secret, open, srpA: open.toString(16) };
}

// "Tue Nov 5 09:03:01 UTC 2024": in English and UTC wherever we are, the day without a zero.
export function timestamp(now = new Date()) {
	const [day, date, month, year, time] = now.toUTCString().replace(",", "").split(" ");
	return `${day} ${month} ${Number(date)} ${time} UTC ${year}`;
}

// claim(): the answer to PASSWORD_VERIFIER. `challenge` is Cognito's ChallengeParameters.
export async function claim(pool, password, begun, challenge, now = timestamp()) {
	const user = challenge.USER_ID_FOR_SRP;
	const name = pool.split("_")[1];
	const B = BigInt("0x" + challenge.SRP_B);
	if (mod(B) === 0n) throw new Error("SRP_B is zero");
	const u = asNumber(await sha256(bytes(begun.open), bytes(B)));
	if (u === 0n) throw new Error("u is zero");
	const k = asNumber(await sha256(bytes(N), bytes(G)));
	const inner = await sha256(text(`${name}${user}:${password}`));
	const x = asNumber(await sha256(bytes(BigInt("0x" + challenge.SALT)), inner));
	const shared = power(B - k * power(G, x), begun.secret + u * x);
	const extracted = await hmac(bytes(u), bytes(shared));
	const key = (await hmac(extracted, text("Caldera Derived Key"), [1])).slice(0, 16);
	const proof = await hmac(key, text(name + user), fromBase64(challenge.SECRET_BLOCK), text(now));
	return {
		USERNAME: user,
		PASSWORD_CLAIM_SECRET_BLOCK: challenge.SECRET_BLOCK,
		PASSWORD_CLAIM_SIGNATURE: toBase64(proof),
		TIMESTAMP: now,
	};
}
