/* SPDX-License-Identifier: MIT */
/* Users over HTTP. */
#ifndef CRUDDUR_USER_API_H
#define CRUDDUR_USER_API_H

#include "http/call.h"
#include "pg/pg.h"

/* GET /api/users/@{handle}/short: the short profile, to anybody. */
void user_api_short(struct pg *p, struct http_call *call);

#endif
