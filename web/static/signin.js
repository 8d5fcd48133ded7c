// SPDX-License-Identifier: MIT
// The sign-in page.
import { h, logo } from "./dom.js";
import { signIn, answer, NEW_PASSWORD } from "./cognito.js";

const REASONS = [
	[/TooMany|Limit|attempts exceeded/i, "Too many tries. Wait a moment, then try again."],
	[/NotAuthorized|UserNotFound|InvalidP/, "That name and password do not belong together."],
	[/CodeMismatch|ExpiredCode/, "That code is not right."],
	[/PasswordReset/, "This password has to be reset first."],
	[/NotConfirmed/, "This account was not confirmed yet."],
	[/network/, "The sign-in service can't be reached."],
	[/^/, "Signing in did not work. Try again."],
];

function reason({ code, message }, asked) {
	// Of a new password, Cognito says itself what it lacks.
	if (asked && code === "InvalidPasswordException") return message;
	return REASONS.find(([pattern]) => pattern.test(`${code} ${message}`))[1];
}

export const field = (id, label, more) => h("div.field", h("label", { for: id }, label),
	h("input", { id, required: true, autocapitalize: "none", spellcheck: "false", ...more }));

export const card = (title, text, ...more) => h("main.card-page", { id: "main" }, h("div.card",
	logo(56), h("h1", title), h("p.soft", text), ...more));

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
		fields.replaceChildren(step.ask === NEW_PASSWORD
			? field("answer", "Choose a new password", { type: "password", autocomplete: "new-password" })
			: field("answer", "Code from your app, phone or e-mail", { autocomplete: "one-time-code" }));
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
