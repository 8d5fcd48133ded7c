// SPDX-License-Identifier: MIT
// The sign-in page: name and password, and whatever Cognito wants to know after that.
import { h } from "./dom.js";
import { signIn, answer, ASKS } from "./cognito.js";

const REFUSED = "That name and password do not belong together.";
const REASONS = {
	NotAuthorizedException: REFUSED,
	UserNotFoundException: REFUSED,
	InvalidPasswordException: REFUSED,
	InvalidParameterException: REFUSED,
	CodeMismatchException: "That code is not right.",
	ExpiredCodeException: "That code is too old. Sign in again for another one.",
	PasswordResetRequiredException: "This password has to be reset before it can be used.",
	UserNotConfirmedException: "This account was not confirmed yet.",
	TooManyRequestsException: "Too many tries. Wait a moment, then try again.",
	LimitExceededException: "Too many tries. Wait a moment, then try again.",
	network: "The sign-in service can't be reached. Is the network there?",
	unsupported: "This account signs in by a way that is not known here.",
};

function reason(error, asked) {
	if (/attempts exceeded/i.test(error.message)) return REASONS.LimitExceededException;
	if (error.code === "InvalidPasswordException" && asked) return error.message;
	return REASONS[error.code] ?? "Signing in did not work. Try again.";
}

const field = (id, label, properties) => h("div", { class: "field" },
	h("label", { for: id }, label),
	h("input", { id, name: id, required: true, autocapitalize: "none", spellcheck: "false", ...properties }));

// signInPage(notice, done): `done` gets the tokens.
export function signInPage(notice, done) {
	const error = h("p", { class: "error", role: "alert" });
	const fields = h("div", null,
		field("username", "Handle or e-mail", { autocomplete: "username" }),
		field("password", "Password", { type: "password", autocomplete: "current-password" }));
	const button = h("button", { class: "primary", type: "submit" }, "Sign in");
	const form = h("form", { method: "post", novalidate: true, onsubmit: submit }, fields, error, button);
	let asked = null;

	function ask(step) {
		const { label, hint } = ASKS[step.ask];
		asked = step;
		fields.replaceChildren(field("answer", label, hint
			? { type: "password", autocomplete: hint }
			: { autocomplete: "one-time-code", inputmode: "numeric" }));
		fields.querySelector("input").focus();
	}

	async function submit(event) {
		event.preventDefault();
		const empty = [...form.elements].find((input) => input.required && !input.value);
		error.textContent = empty ? "Both are needed." : "";
		if (empty && asked) error.textContent = "This is needed.";
		if (empty) return empty.focus();
		button.disabled = true;
		button.textContent = "One moment…";
		try {
			const { username, password, answer: given } = form.elements;
			const step = asked ? await answer(asked, given.value) : await signIn(username.value.trim(), password.value);
			if (step.tokens) return done(step.tokens);
			ask(step);
		} catch (refusal) {
			error.textContent = reason(refusal, asked);
			form.querySelector("[type=password], input").select();
		} finally {
			button.disabled = false;
			button.textContent = "Sign in";
		}
	}

	return h("main", { class: "card-page", id: "main" }, h("div", { class: "card" },
		h("img", { src: "/static/icon.svg", alt: "", width: 56, height: 56 }),
		h("h1", null, "Cruddur"),
		h("p", { class: "soft" }, notice ?? "Direct messages, and nothing else."),
		form));
}

// problemPage(): when there is nothing to show but what is wrong.
export const problemPage = (title, text, ...buttons) => h("main", { class: "card-page", id: "main" },
	h("div", { class: "card" },
		h("img", { src: "/static/icon.svg", alt: "", width: 56, height: 56 }),
		h("h1", null, title), h("p", { class: "soft" }, text), ...buttons));
