// SPDX-License-Identifier: MIT
// Making elements. What a person typed gets in as text nodes, never as markup.
import { full } from "./text.js";

const SHAPES = {
	back: "M15 5l-7 7 7 7",
	write: "M4 20h4L19 9l-4-4L4 16v4M13 7l4 4",
	send: "M4 12l16-8-6 16-3-6.5-7-1.5",
	leave: "M10 4H5v16h5M14 8l4 4-4 4M9 12h9",
};

// h("tag.class", {attributes}, children...): on* are listeners; false and empty children are left out.
export function h(what, ...children) {
	const [tag, kind] = what.split(".");
	const made = /svg|path/.test(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
		: document.createElement(tag);
	if (kind) made.setAttribute("class", kind);
	if (children[0]?.constructor === Object) {
		for (const [name, value] of Object.entries(children.shift())) {
			if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
			else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
		}
	}
	made.append(...children.flat().filter(Boolean));
	return made;
}

export const button = (text, onclick) => h("button", { onclick }, text);
export const logo = (size) => h("img", { src: "/static/icon.svg", alt: "", width: size, height: size });
export const stamp = (kind, date, text) => h(`time.${kind}`, { datetime: date.toISOString(), title: full(date) }, text);
export const bdi = (text) => h("bdi", text);
export const unseen = (text) => h("span.unseen", text);
export const icon = (name) => h("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: SHAPES[name] }));

export function avatar({ display_name, handle }) {
	const words = (display_name || handle || "?").split(/\s+/).filter(Boolean).map((word) => [...word][0]);
	const made = h("span.avatar", { "aria-hidden": "true" }, words[0] ?? "?", words.length > 1 && words.at(-1));
	const hue = [...(handle ?? "")].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 360, 0);
	made.style.setProperty("--hue", hue);
	return made;
}

// The children become those of `items`, [{key, mark, make, adjust}]. An element stays while its key and mark do.
export function sync(parent, items) {
	const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
	let next = parent.firstElementChild;
	for (const { key, mark = "", make, adjust } of items) {
		const before = old.get(key);
		let element = before;
		if (before?.dataset.mark !== mark) {
			element = make();
			Object.assign(element.dataset, { key, mark });
			if (before === next && before) next = element;
			const focused = before?.contains(document.activeElement) && document.activeElement;
			before?.replaceWith(element);
			if (focused) element.querySelector(focused.id ? `#${focused.id}` : "a, button")?.focus();
		}
		old.delete(key);
		adjust?.(element);
		if (element === next) next = next.nextElementSibling;
		else parent.insertBefore(element, next);
	}
	old.forEach((element) => element.remove());
}

const status = document.getElementById("status");

export const announce = (text) => status.replaceChildren(h("p", text));
