/* SPDX-License-Identifier: MIT */
/* Making events. */
#include "live/events.h"

#include "json/write.h"

void live_events_message(
	struct live *l, const struct uuid *sender, const struct uuid *other, struct slice answer)
{
	struct live_event event = { .name = "message", .data = answer, .people_count = 1 };
	struct uuid people[LIVE_PEOPLE_MAX];

	if (!l)
		return;
	people[0] = *sender;
	if (other)
		people[event.people_count++] = *other;
	event.people = people;
	live_note(l, &event);
}

void live_events_read(struct live *l, const struct uuid *reader, const struct uuid *group,
	const struct uuid *message)
{
	struct live_event event = { .name = "read", .people = reader, .people_count = 1 };
	struct buf data = { 0 };

	if (!l)
		return;
	buf_add_char(&data, '{');
	json_write_member(&data, "message_group_uuid", uuid_slice(group));
	json_write_member(&data, "message_uuid", uuid_slice(message));
	buf_add_char(&data, '}');
	event.data = buf_slice(&data);
	if (buf_ok(&data))
		live_note(l, &event);
	buf_free(&data);
}
