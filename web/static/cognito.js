// SPDX-License-Identifier: MIT
// Cognito's own JSON API. It keeps nothing: tokens go to session.js.
import { start, claim } from "./srp.js";

let settings;

export async function configure() {
	const answer = await fetch("/settings.json");
	if (!answer.ok) throw new Error(answer.status);
	settings = await answer.json();
}

// Passwords leave this page only for a pool on this machine; any other gets SRP's proof.
const sendsPassword = () => settings.sign_in === "password" &&
	["127.0.0.1", "localhost"].includes(new URL(settings.cognito).hostname);

const fail = (code, message) => Object.assign(new Error(message), { code });

async function call(action, body) {
	let answer, data;
	try {
		answer = await fetch(settings.cognito, {
			method: "POST",
			headers: {
				"Content-Type": "application/x-amz-json-1.1",
				"X-Amz-Target": `AWSCognitoIdentityProviderService.${action}`,
			},
			body: JSON.stringify({ ClientId: settings.client, ...body }),
			signal: AbortSignal.timeout(15000),
		});
		data = await answer.json();
		if (answer.status >= 500) throw new Error(answer.status);
	} catch (error) {
		throw fail("network", error.message);
	}
	if (!answer.ok) throw fail(String(data.__type ?? data.code).split("#").pop(), data.message ?? "");
	return data;
}

const initiate = (AuthFlow, AuthParameters) => call("InitiateAuth", { AuthFlow, AuthParameters });
const respond = (ChallengeName, ChallengeResponses, Session) =>
	call("RespondToAuthChallenge", { ChallengeName, ChallengeResponses, Session });

export const NEW_PASSWORD = "NEW_PASSWORD_REQUIRED";
const ASKS = [NEW_PASSWORD, "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"];
const nameOf = (ask) => (ask === NEW_PASSWORD ? "NEW_PASSWORD" : `${ask}_CODE`);

// Either {tokens} or one more question, {ask, session, user}.
function read({ AuthenticationResult: result, ChallengeName: ask, Session: session, ChallengeParameters }, user) {
	if (result) return { tokens: { access: result.AccessToken, refresh: result.RefreshToken } };
	if (!ASKS.includes(ask)) throw fail("unsupported", ask);
	return { ask, session, user: ChallengeParameters?.USER_ID_FOR_SRP ?? user };
}

export async function signIn(user, password) {
	if (sendsPassword()) return read(await initiate("USER_PASSWORD_AUTH", { USERNAME: user, PASSWORD: password }), user);
	const begun = start();
	const asked = await initiate("USER_SRP_AUTH", { USERNAME: user, SRP_A: begun.srpA });
	if (asked.ChallengeName !== "PASSWORD_VERIFIER") return read(asked, user);
	const proof = await claim(settings.user_pool, password, begun, asked.ChallengeParameters);
	return read(await respond("PASSWORD_VERIFIER", proof, asked.Session), proof.USERNAME);
}

export const answer = async ({ ask, session, user }, text) =>
	read(await respond(ask, { USERNAME: user, [nameOf(ask)]: text }, session), user);

export async function refresh(token) {
	const { tokens } = read(await initiate("REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: token }));
	return { access: tokens.access, refresh: tokens.refresh ?? token };
}

export const revoke = (token) => call("RevokeToken", { Token: token });
