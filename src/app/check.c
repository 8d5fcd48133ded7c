/* SPDX-License-Identifier: MIT */
/* What a worker needs, as --check sees it. */
#include "check/check.h"
#include "app/parts.h"
#include "sql_statements.h"

static void check_keys(struct check *c, struct cognito *auth, const char *issuer)
{
	if (cognito_ready(auth, deadline_in(CHECK_MS)))
		check_ok(c, "jwks", "usable keys: %zu, of %s", cognito_key_count(auth), issuer);
	else
		check_failed(c, "jwks", "no usable key of %s", issuer);
}

static void check_live(struct check *c, struct live *live, const char *socket_path)
{
	enum status rc;

	if (!live) {
		check_ok(c, "live", "none: CRUDDUR_LIVE_SOCKET is not set");
		return;
	}
	rc = live_ping(live);
	if (rc == STATUS_OK)
		check_ok(c, "live", "%s", socket_path);
	else
		check_failed(c, "live", "nobody answers at %s: %s", socket_path, status_name(rc));
}

static void look_at_memory(struct check *c, const struct settings *settings)
{
	struct slice scope[APP_SCOPE_MAX];
	const struct shared_memory_settings memory = app_memory_settings(settings, scope);

	check_memory(c, &memory);
}

void app_check(struct app *a, const struct settings *settings, struct check *c)
{
	static const struct pg_statement *const statements[] = {
		&sql_users_uuid_from_cognito_user_id, &sql_users_short,
		&sql_users_create_message_users
	};

	check_postgres(c, a->users, statements, sizeof(statements) / sizeof(statements[0]));
	if (check_credentials(c, a->credentials))
		check_table(c, a->table, settings->table);
	else
		check_failed(c, "dynamodb", "not asked, for want of credentials");
	check_keys(c, a->auth, settings->issuer);
	check_live(c, a->live, settings->live_socket);
	look_at_memory(c, settings);
}
