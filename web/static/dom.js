// SPDX-License-Identifier: MIT
// Making elements. What a person typed only ever gets in as a text node, never as markup.

// h(tag, properties, children...): on* are listeners, false and null leave an attribute out.
export function h(tag, properties, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties ?? {})) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.flat().filter((child) => child != null && child !== false));
	return element;
}

// Text of a person in a line of ours: its direction is its own business.
export const bdi = (text) => h("bdi", null, text);
// For screen readers only.
export const unseen = (text) => h("span", { class: "unseen" }, text);

const SHAPES = {
	back: "M15 5l-7 7 7 7",
	write: "M4 20h4L19 9l-4-4L4 16v4M13 7l4 4",
	send: "M4 12l16-8-6 16-3-6.500-7-1.500",
	down: "M12 5v14M6 13l6 6 6-6",
	leave: "M10 4H5v16h5M14 8l4 4-4 4M9 12h9",
};

export function icon(name) {
	const make = (tag, properties) => {
		const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
		for (const [key, value] of Object.entries(properties)) element.setAttribute(key, value);
		return element;
	};
	const svg = make("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" });
	svg.append(make("path", { d: SHAPES[name] }));
	return svg;
}

// A round picture made of somebody's initials; its colour follows from the handle.
export function avatar(person) {
	const name = person.display_name || person.handle || "?";
	const initials = name.split(/\s+/).filter(Boolean).map((word) => [...word][0]);
	let hue = 0;
	for (const char of person.handle ?? "") hue = (hue * 31 + char.codePointAt(0)) % 360;
	const made = h("span", { class: "avatar", "aria-hidden": "true" },
		(initials[0] ?? "?") + (initials.length > 1 ? initials.at(-1) : ""));
	made.style.setProperty("--hue", hue);
	return made;
}

// sync(parent, items): makes the children those of `items`, [{key, mark, make, adjust}]. An element stays
// while its key and mark do, so that focus, selection and place survive.
export function sync(parent, items) {
	const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
	let next = parent.firstElementChild;
	for (const { key, mark = "", make, adjust } of items) {
		let element = old.get(key);
		if (element?.dataset.mark !== mark) {
			element = make();
			element.dataset.key = key;
			element.dataset.mark = mark;
			const before = old.get(key);
			if (before) {
				if (before === next) next = element;
				before.replaceWith(element);
			}
		}
		old.delete(key);
		adjust?.(element);
		if (element === next) next = next.nextElementSibling;
		else parent.insertBefore(element, next);
	}
	for (const element of old.values()) element.remove();
}

const status = document.getElementById("status");

// announce(): said by a screen reader, seen by nobody.
export function announce(text) {
	status.append(h("p", null, text));
	if (status.childElementCount > 5) status.firstElementChild.remove();
}
