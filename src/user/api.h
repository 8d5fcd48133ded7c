/* SPDX-License-Identifier: MIT */
/* Users over HTTP. */
#ifndef CRUDDUR_USER_API_H
#define CRUDDUR_USER_API_H

#include "http/call.h"
#include "pg/pg.h"
#include "user/user.h"

/* GET /api/users/@{handle}/short: the short profile, to anybody. */
void user_api_short(struct pg *p, struct http_call *call);

/* GET /api/users/me: the caller's own short profile. */
void user_api_me(const struct user *caller, struct http_call *call);

#endif
