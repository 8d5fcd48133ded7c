// SPDX-License-Identifier: MIT
// Times and texts as people read them.

export const MAX_CHARS = 1024;

// The limit counts code points, as the API does.
export const length = (text) => [...text].length;

// Unicode's White_Space, which is not quite what trim() removes.
export const blank = (text) => !/[^\p{White_Space}]/u.test(text);

// For places that cannot isolate a text, a title or a label: it may not turn around what stands beside it.
export const plain = (text) => (text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

export const named = (person) => plain(person?.display_name || (person?.handle ? "@" + person.handle : "")) ||
	"somebody";

// Times come as they are stored; some without a zone, and those are UTC.
export function moment(stored) {
	const zoned = /([Zz]|[+-]\d\d(:?\d\d)?)$/.test(stored) || !/T|\d \d/.test(stored);
	const date = new Date(zoned ? stored : stored.replace(" ", "T") + "Z");
	return Number.isNaN(date.getTime()) ? null : date;
}

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "numeric", minute: "2-digit" });
const FULL = format({ dateStyle: "full", timeStyle: "medium" });
const WEEKDAY = format({ weekday: "long" });
const DATE = format({ day: "numeric", month: "long" });
const WITH_YEAR = format({ day: "numeric", month: "long", year: "numeric" });
const SHORT = format({ day: "numeric", month: "short" });
const NUMBERS = format({ dateStyle: "short" });

export const clock = (date) => CLOCK.format(date);
export const full = (date) => FULL.format(date);

// The day in this place's time, as something to compare.
export const dayOf = (date) => `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;

function daysAgo(date, now) {
	const midnight = (time) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
	return Math.round((midnight(now) - midnight(date)) / 86400000);
}

export function day(date, now = new Date()) {
	const ago = daysAgo(date, now);
	if (ago === 0) return "Today";
	if (ago === 1) return "Yesterday";
	if (ago > 1 && ago < 7) return WEEKDAY.format(date);
	return (date.getFullYear() === now.getFullYear() ? DATE : WITH_YEAR).format(date);
}

// As short as a list wants it.
export function lately(date, now = new Date()) {
	const ago = daysAgo(date, now);
	if (ago === 0) return clock(date);
	if (ago === 1) return "Yesterday";
	return (date.getFullYear() === now.getFullYear() ? SHORT : NUMBERS).format(date);
}
