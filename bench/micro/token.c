/* SPDX-License-Identifier: MIT */
/* What a token costs: its signature, and the whole of it when it has been seen before. */
#include "auth/cognito.h"
#include "auth/jwks.h"
#include "auth/jwt.h"
#include "base/buf.h"
#include "base/log.h"
#include "micro.h"

#include <openssl/evp.h>

struct bench {
	struct buf document, token;
	struct cognito *cognito;
	struct jwks *jwks;
	EVP_MD *sha256;
};

static enum status read_document(void *context, int64_t total_ms, struct slice *document)
{
	(void)total_ms;
	*document = buf_slice(&((struct bench *)context)->document);
	return STATUS_OK;
}

/* Shape and signature, nothing remembered: what a token costs the first time, but for its claims.
 */
static void verify_signature(void *context)
{
	struct bench *b = context;
	const struct jwk *key;
	const char *why;
	struct jwt *token;

	micro_want(jwt_parse(buf_slice(&b->token), &token, &why) == STATUS_OK, "token refused");
	micro_want(jwks_find(b->jwks, jwt_kid(token), 0, deadline_in(5000), &key) == STATUS_OK,
		"key not found");
	micro_want(jwt_verify(token, key, b->sha256) == STATUS_OK, "signature refused");
	jwt_free(token);
}

static void verify_again(void *context)
{
	struct bench *b = context;
	struct cognito_principal who;

	micro_want(cognito_verify(b->cognito, buf_slice(&b->token), MICRO_NOW_S * INT64_C(1000),
			   deadline_in(5000), &who) == STATUS_OK,
		"token refused");
}

int main(void)
{
	static const char *const clients[] = { MICRO_CLIENT };
	const struct cognito_settings settings = {
		.issuer = MICRO_ISSUER, .client_ids = clients, .client_id_count = 1
	};
	struct bench b = { .cognito = NULL };
	const struct jwks_source source = { .read = read_document, .context = &b };

	log_open("micro", LOG_ERROR);
	micro_token(&b.document, &b.token);
	b.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	micro_want(b.sha256 && jwks_new(&source, &b.jwks) == STATUS_OK &&
			cognito_new_from(&settings, &source, &b.cognito) == STATUS_OK,
		"no verifier");
	micro_run("token: shape and signature", verify_signature, &b);
	micro_run("token: the same one again", verify_again, &b);
	cognito_free(b.cognito);
	jwks_free(b.jwks);
	EVP_MD_free(b.sha256);
	buf_free(&b.document);
	buf_free(&b.token);
	return 0;
}
