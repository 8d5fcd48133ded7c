/* SPDX-License-Identifier: MIT */
/* Encoding and checking cursors: base64url of 8 bytes of a digest, then the sort key. */
#include "message_table/cursor.h"

#include "base/base64url.h"
#include "base/utf8.h"
#include "digest/sha256.h"

#define CHECK_SIZE 8
#define SK_MAX ((size_t)1024) /* DynamoDB's own limit for a sort key */

/* What a cursor is bound to. */
struct binding {
	struct slice label, pk;
};

static struct binding backward(struct slice pk)
{
	return (struct binding){ SLICE("cruddur cursor 1"), pk };
}

static struct binding forward(struct slice pk)
{
	return (struct binding){ SLICE("cruddur cursor 1 forward"), pk };
}

static enum status check_of(
	const struct binding *to, struct slice sk, unsigned char out[SHA256_SIZE])
{
	const struct slice pieces[] = { to->label, to->pk, sk };

	return sha256(pieces, sizeof(pieces) / sizeof(pieces[0]), out);
}

static enum status encode(const struct binding *to, struct slice sk, struct buf *b)
{
	unsigned char check[SHA256_SIZE];
	struct buf raw = { 0 };
	enum status rc = check_of(to, sk, check);

	if (rc != STATUS_OK)
		return rc;
	buf_add(&raw, check, CHECK_SIZE);
	buf_add_slice(&raw, sk);
	base64url_encode(buf_slice(&raw), b);
	if (!buf_ok(&raw) || !buf_ok(b))
		rc = STATUS_NO_MEMORY;
	buf_free(&raw);
	return rc;
}

static enum status decode(const struct binding *to, struct slice cursor, struct buf *sk)
{
	unsigned char raw[CHECK_SIZE + SK_MAX + 2], check[SHA256_SIZE];
	size_t len;
	struct slice key;
	enum status rc;

	if (base64url_decode(cursor, raw, sizeof(raw), &len) != STATUS_OK || len <= CHECK_SIZE)
		return STATUS_INVALID;
	key = (struct slice){ (const char *)raw + CHECK_SIZE, len - CHECK_SIZE };
	if (key.len > SK_MAX || !utf8_valid(key))
		return STATUS_INVALID; /* no sort key is like this */
	rc = check_of(to, key, check);
	if (rc != STATUS_OK)
		return rc;
	if (memcmp(raw, check, CHECK_SIZE) != 0)
		return STATUS_INVALID;
	buf_clear(sk);
	buf_add_slice(sk, key);
	return buf_ok(sk) ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status cursor_encode(struct slice pk, struct slice sk, struct buf *b)
{
	const struct binding to = backward(pk);

	return encode(&to, sk, b);
}

enum status cursor_decode(struct slice pk, struct slice cursor, struct buf *sk)
{
	const struct binding to = backward(pk);

	return decode(&to, cursor, sk);
}

enum status cursor_encode_forward(struct slice pk, struct slice sk, struct buf *b)
{
	const struct binding to = forward(pk);

	return encode(&to, sk, b);
}

enum status cursor_decode_forward(struct slice pk, struct slice cursor, struct buf *sk)
{
	const struct binding to = forward(pk);

	return decode(&to, cursor, sk);
}
