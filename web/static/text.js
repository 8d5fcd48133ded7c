// SPDX-License-Identifier: MIT
// Times and texts as people read them.

// The limit counts code points, as the API does.
export const MAX_CHARS = 1024;
export const length = (text) => [...text].length;
// Unicode's White_Space, which is not quite what trim() removes.
export const blank = (text) => !/\P{White_Space}/u.test(text);

// For titles and the like, which can't isolate a text: it may not turn around what stands beside it.
export const plain = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
export const named = (person) => plain(person?.display_name || (person ? "@" + person.handle : "")) || "somebody";

// Times come as they are stored; some without a zone, and those are UTC.
export function moment(stored) {
	const zoned = /([Zz]|[+-]\d\d(:?\d\d)?)$/.test(stored) || !/\d[T ]\d/.test(stored);
	const date = new Date(zoned ? stored : stored.replace(" ", "T") + "Z");
	return isNaN(date) ? null : date;
}

const format = (options) => {
	const made = new Intl.DateTimeFormat(undefined, options);
	return (date) => made.format(date);
};
const month = "long", day = "numeric";
const weekday = format({ weekday: "long" });
const date = format({ day, month });
const dateAndYear = format({ day, month, year: "numeric" });
const short = format({ day, month: "short" });
const digits = format({ dateStyle: "short" });
export const clock = format({ hour: "numeric", minute: "2-digit" });
export const full = format({ dateStyle: "full", timeStyle: "medium" });

// The day in this place's time, to compare.
export const dayOf = (time) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / 86400000;
const daysAgo = (time) => dayOf(new Date()) - dayOf(time);
const thisYear = (time) => time.getFullYear() === new Date().getFullYear();

export function dayName(time) {
	const ago = daysAgo(time);
	if (ago === 0 || ago === 1) return ago ? "Yesterday" : "Today";
	return (ago > 1 && ago < 7 ? weekday : thisYear(time) ? date : dateAndYear)(time);
}

// As short as a list wants it.
export function lately(time) {
	const ago = daysAgo(time);
	return ago === 1 ? "Yesterday" : (ago === 0 ? clock : thisYear(time) ? short : digits)(time);
}
