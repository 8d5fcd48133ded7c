/* SPDX-License-Identifier: MIT */
/* Fuzz target: any bytes for a JWKS document. What becomes a set holds keys of the sizes that are
 * allowed, each found by its name. */
#include "auth/jwk_set.h"
#include "base/log.h"
#include "json/json.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct jwk *key, struct slice kid)
{
	int bits = EVP_PKEY_get_bits(jwk_public(key));

	REQUIRE(slice_equal(jwk_kid(key), kid) && kid.len > 0 && kid.len <= JWK_KID_MAX);
	REQUIRE(bits >= JWK_MODULUS_BITS_MIN && bits <= JWK_MODULUS_BITS_MAX);
	REQUIRE(jwk_signature_len(key) == (size_t)EVP_PKEY_get_size(jwk_public(key)));
}

/* How many of the entries have a name by which a key is found. */
static size_t count_named(const struct json_value *entries, const struct jwk_set *set)
{
	size_t found = 0;

	for (size_t i = 0; i < json_array_len(entries); i++) {
		struct slice kid;
		const struct jwk *key = NULL;

		if (json_get_string(json_array_at(entries, i), "kid", &kid))
			key = jwk_set_find(set, kid);
		if (key) {
			check_key(key, kid);
			found++;
		}
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice document = { (const char *)data, size };
	struct jwk_set *set = NULL;
	const char *why = NULL;
	struct json *doc;
	enum status rc;

	log_open("fuzz", LOG_ERROR);
	rc = jwk_set_parse(document, &set, &why);
	if (rc != STATUS_OK) {
		REQUIRE(rc == STATUS_INVALID || rc == STATUS_NOT_FOUND);
		REQUIRE(!set && (why != NULL) == (rc == STATUS_INVALID));
		return 0;
	}
	REQUIRE(jwk_set_count(set) >= 1 && jwk_set_count(set) <= JWK_SET_MAX);
	REQUIRE(json_parse(document, &doc) == STATUS_OK);
	REQUIRE(count_named(json_get(json_root(doc), "keys"), set) >= jwk_set_count(set));
	json_free(doc);
	jwk_set_free(set);
	return 0;
}
