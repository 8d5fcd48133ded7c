// SPDX-License-Identifier: MIT
// Times and texts as people read them.

// The limit counts code points, as the API does.
export const MAX_CHARS = 1024;
export const length = (text) => [...text].length;
export const blank = (text) => !/\P{White_Space}/u.test(text);

// For titles, which can't isolate a text: it may not turn around what stands beside it.
export const plain = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
export const named = (person) => plain(person?.display_name || (person ? "@" + person.handle : "")) || "somebody";

// Stored times without a zone are UTC.
export function moment(stored) {
	const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(stored) || !/\d[T ]\d/.test(stored);
	const date = new Date(zoned ? stored : stored.replace(" ", "T") + "Z");
	return isNaN(date) ? null : date;
}

const format = (options) => new Intl.DateTimeFormat(undefined, options).format;
const weekday = format({ weekday: "long" });
const date = format({ day: "numeric", month: "long", year: "numeric" });
const short = format({ day: "numeric", month: "short" });
export const clock = format({ hour: "numeric", minute: "2-digit" });
export const full = format({ dateStyle: "full", timeStyle: "medium" });

export const dayOf = (time) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / 86400000;
const daysAgo = (time) => dayOf(new Date()) - dayOf(time);

export function dayName(time) {
	const ago = daysAgo(time);
	return !ago ? "Today" : ago === 1 ? "Yesterday" : (ago > 1 && ago < 7 ? weekday : date)(time);
}

export function lately(time) {
	const ago = daysAgo(time);
	return ago === 1 ? "Yesterday" : (!ago ? clock : ago < 300 ? short : date)(time);
}
