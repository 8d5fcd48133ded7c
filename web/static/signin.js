// SPDX-License-Identifier: MIT
// The sign-in page: name and password, and whatever Cognito wants to know after that.
import { h } from "./dom.js";
import { signIn, answer, ASKS } from "./cognito.js";

const REFUSED = "That name and password do not belong together.";
const SLOWLY = "Too many tries. Wait a moment, then try again.";
const REASONS = {
	NotAuthorizedException: REFUSED,
	UserNotFoundException: REFUSED,
	InvalidPasswordException: REFUSED,
	InvalidParameterException: REFUSED,
	CodeMismatchException: "That code is not right.",
	PasswordResetRequiredException: "This password has to be reset first.",
	UserNotConfirmedException: "This account was not confirmed yet.",
	TooManyRequestsException: SLOWLY,
	LimitExceededException: SLOWLY,
	network: "The sign-in service can't be reached.",
	unsupported: "This account signs in by a way that is not known here.",
};

function reason({ code, message }, asked) {
	if (/attempts exceeded/i.test(message)) return SLOWLY;
	// Of a new password, Cognito says itself what it lacks.
	if (code === "InvalidPasswordException" && asked) return message;
	return REASONS[code] ?? "Signing in did not work. Try again.";
}

const field = (id, label, more) => h("div.field", h("label", { for: id }, label),
	h("input", { id, required: true, autocapitalize: "none", spellcheck: "false", ...more }));

// A page of one card.
export const card = (title, text, ...more) => h("main.card-page", { id: "main" }, h("div.card",
	h("img", { src: "/static/icon.svg", alt: "", width: 56, height: 56 }), h("h1", title), h("p.soft", text), ...more));

// signInPage(notice, done): `done` gets the tokens.
export function signInPage(notice, done) {
	const error = h("p.error", { role: "alert" });
	const fields = h("div", field("username", "Handle or e-mail", { autocomplete: "username" }),
		field("password", "Password", { type: "password", autocomplete: "current-password" }));
	const button = h("button.primary", "Sign in");
	const form = h("form", { method: "post", novalidate: true, onsubmit: submit }, fields, error, button);
	const inputs = () => [...fields.querySelectorAll("input")];
	let asked = null;

	function ask(step) {
		asked = step;
		fields.replaceChildren(field("answer", ASKS[step.ask][1], step.ask === "NEW_PASSWORD_REQUIRED"
			? { type: "password", autocomplete: "new-password" } : { autocomplete: "one-time-code", inputmode: "numeric" }));
		inputs()[0].focus();
	}

	async function submit(event) {
		event.preventDefault();
		const empty = inputs().find(({ value }) => !value);
		error.textContent = empty ? "Something is missing." : "";
		if (empty) return empty.focus();
		button.disabled = true;
		try {
			const [first, second] = inputs().map(({ value }) => value);
			const step = await (asked ? answer(asked, first) : signIn(first.trim(), second));
			if (step.tokens) return done(step.tokens);
			ask(step);
		} catch (refusal) {
			error.textContent = reason(refusal, asked);
			inputs().at(-1).select();
		} finally {
			button.disabled = false;
		}
	}

	return card("Cruddur", notice, form);
}
