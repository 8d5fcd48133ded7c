// SPDX-License-Identifier: MIT
// Signing in with Cognito's own JSON API. It keeps nothing: tokens go to session.js.
import { start, claim } from "./srp.js";

let settings;

export class CognitoError extends Error {
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

// Passwords leave this page only for a pool on this machine; any other gets the proof of SRP.
const isLocal = (url) => ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);

export async function configure() {
	const answer = await fetch("/settings.json", { cache: "no-cache" });
	if (!answer.ok) throw new Error(`settings: ${answer.status}`);
	settings = await answer.json();
}

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
			referrerPolicy: "no-referrer",
			credentials: "omit",
			cache: "no-store",
			signal: AbortSignal.timeout(15000),
		});
		data = await answer.json().catch(() => ({}));
	} catch (error) {
		throw new CognitoError("network", String(error));
	}
	if (!answer.ok) throw new CognitoError((data.__type ?? data.code ?? "").split("#").pop(), data.message ?? "");
	return data;
}

// Either {tokens}, or {ask, session, user, name}: one more thing Cognito wants, as one of ASKS.
export const ASKS = {
	NEW_PASSWORD_REQUIRED: { answer: "NEW_PASSWORD", label: "Choose a new password", hint: "new-password" },
	SOFTWARE_TOKEN_MFA: { answer: "SOFTWARE_TOKEN_MFA_CODE", label: "Code of your authenticator app" },
	SMS_MFA: { answer: "SMS_MFA_CODE", label: "Code that was sent to your phone" },
	EMAIL_OTP: { answer: "EMAIL_OTP_CODE", label: "Code that was sent by e-mail" },
};

function read(answer, user) {
	const result = answer.AuthenticationResult;
	if (result) return { tokens: { access: result.AccessToken, refresh: result.RefreshToken } };
	if (!(answer.ChallengeName in ASKS)) throw new CognitoError("unsupported", answer.ChallengeName);
	return {
		ask: answer.ChallengeName,
		session: answer.Session,
		user: answer.ChallengeParameters?.USER_ID_FOR_SRP ?? user,
	};
}

export async function signIn(user, password) {
	if (settings.sign_in === "password" && isLocal(settings.cognito)) {
		return read(await call("InitiateAuth", {
			AuthFlow: "USER_PASSWORD_AUTH",
			AuthParameters: { USERNAME: user, PASSWORD: password },
		}), user);
	}
	const begun = start();
	const challenge = await call("InitiateAuth", {
		AuthFlow: "USER_SRP_AUTH",
		AuthParameters: { USERNAME: user, SRP_A: begun.srpA },
	});
	if (challenge.ChallengeName !== "PASSWORD_VERIFIER") return read(challenge, user);
	return read(await call("RespondToAuthChallenge", {
		ChallengeName: "PASSWORD_VERIFIER",
		ChallengeResponses: await claim(settings.user_pool, password, begun, challenge.ChallengeParameters),
		Session: challenge.Session,
	}), challenge.ChallengeParameters.USER_ID_FOR_SRP);
}

export async function answer({ ask, session, user }, text) {
	return read(await call("RespondToAuthChallenge", {
		ChallengeName: ask,
		ChallengeResponses: { USERNAME: user, [ASKS[ask].answer]: text },
		Session: session,
	}), user);
}

export async function refresh(token) {
	const result = (await call("InitiateAuth", {
		AuthFlow: "REFRESH_TOKEN_AUTH",
		AuthParameters: { REFRESH_TOKEN: token },
	})).AuthenticationResult;
	return { access: result.AccessToken, refresh: result.RefreshToken ?? token };
}

export const revoke = (token) => call("RevokeToken", { Token: token });
