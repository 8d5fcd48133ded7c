# SPDX-License-Identifier: MIT
# The unit tests: one libcheck program for each topic, named tests/unit/check_<module>_<topic>; the
# fuzz targets, which run over their seeds in make check; and the signature's cross-check.

check_PROGRAMS =
check_LIBRARIES =
TESTS = build-aux/check-layers

# Every program links everything; the linker takes what it needs.
LDADD = libsupport.a libweb.a liblambda.a libdomain.a $(core_libs) $(FCGI_LIBS) $(CHECK_LIBS) -lpthread

if HAVE_CHECK
check_LIBRARIES += libsupport.a
libsupport_a_SOURCES = \
	tests/support/base64_vectors.c tests/support/digest_info_vectors.c \
	tests/support/dynamo_fixture.c tests/support/dynamo_fixture.h \
	tests/support/http_server.c tests/support/http_server.h \
	tests/support/json_same.c tests/support/json_same.h \
	tests/support/jwks_stub.c tests/support/jwks_stub.h \
	tests/support/mint.c tests/support/mint.h \
	tests/support/padding_vectors.c \
	tests/support/page_of.h \
	tests/support/rsa_key.c tests/support/rsa_key.h \
	tests/support/settings_table.c tests/support/settings_table.h \
	tests/support/signature_vectors.c tests/support/structure_vectors.c \
	tests/support/token_vectors.c tests/support/token_vectors.h \
	tests/unit/pg_fixture.c tests/unit/pg_fixture.h \
	tests/unit/shared_pair.h \
	tests/unit/private_postgres.c tests/unit/private_postgres.h \
	tests/unit/check_main.h

UNIT_TESTS = \
	tests/unit/check_auth_claims \
	tests/unit/check_auth_cognito \
	tests/unit/check_auth_jwk \
	tests/unit/check_auth_jwk_numbers \
	tests/unit/check_auth_jwk_set \
	tests/unit/check_auth_jwks \
	tests/unit/check_auth_jwt \
	tests/unit/check_auth_remembered \
	tests/unit/check_auth_vectors \
	tests/unit/check_aws_call \
	tests/unit/check_aws_credentials \
	tests/unit/check_aws_credentials_endpoints \
	tests/unit/check_base_base64url \
	tests/unit/check_base_buf \
	tests/unit/check_base_clock \
	tests/unit/check_base_log \
	tests/unit/check_base_lru \
	tests/unit/check_base_settings \
	tests/unit/check_base_trace \
	tests/unit/check_base_utf8 \
	tests/unit/check_base_uuid \
	tests/unit/check_dynamo_carry \
	tests/unit/check_dynamo_read \
	tests/unit/check_dynamo_records \
	tests/unit/check_dynamo_scan \
	tests/unit/check_dynamo_streams \
	tests/unit/check_dynamo_write \
	tests/unit/check_fetch \
	tests/unit/check_fetch_format \
	tests/unit/check_fetch_pool \
	tests/unit/check_http_answer \
	tests/unit/check_http_request \
	tests/unit/check_json \
	tests/unit/check_json_check \
	tests/unit/check_json_flat \
	tests/unit/check_json_plain \
	tests/unit/check_json_plain_portable \
	tests/unit/check_json_write \
	tests/unit/check_lambda_handler \
	tests/unit/check_lambda_runtime \
	tests/unit/check_live_channel \
	tests/unit/check_live_publish \
	tests/unit/check_message_find \
	tests/unit/check_message_group_members \
	tests/unit/check_message_group_reading \
	tests/unit/check_message_group_unread \
	tests/unit/check_message_rules \
	tests/unit/check_message_table_sort_key \
	tests/unit/check_metrics \
	tests/unit/check_metrics_layout \
	tests/unit/check_pg \
	tests/unit/check_pg_link \
	tests/unit/check_pg_loss \
	tests/unit/check_shared_cache \
	tests/unit/check_shared_memory \
	tests/unit/check_shared_secret \
	tests/unit/check_stream_batch \
	tests/unit/check_stream_checkpoints \
	tests/unit/check_stream_shards \
	tests/unit/check_user_directory \
	tests/unit/check_user_store
check_PROGRAMS += $(UNIT_TESTS)
tests_unit_check_auth_remembered_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=clock_monotonic_ms,--wrap=jwt_verify
TESTS += $(UNIT_TESTS) tests/unit/check_embed_sql.sh
endif

### Fuzzing: with --enable-fuzzers (and clang) libFuzzer programs, otherwise their seeds are replayed

if FUZZERS
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/replay_main.c
fuzz_ldflags = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif

FUZZ_TARGETS = \
	tests/fuzz/fuzz_base64url \
	tests/fuzz/fuzz_credentials_file \
	tests/fuzz/fuzz_dynamo_answer \
	tests/fuzz/fuzz_dynamo_records \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_json_flat \
	tests/fuzz/fuzz_jwks \
	tests/fuzz/fuzz_jwt
check_PROGRAMS += $(FUZZ_TARGETS)

fuzz_libs = libweb.a libdomain.a $(core_libs)
tests_fuzz_fuzz_base64url_SOURCES = tests/fuzz/fuzz_base64url.c $(fuzz_main)
tests_fuzz_fuzz_base64url_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_base64url_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_credentials_file_SOURCES = tests/fuzz/fuzz_credentials_file.c $(fuzz_main)
tests_fuzz_fuzz_credentials_file_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_credentials_file_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_dynamo_answer_SOURCES = tests/fuzz/fuzz_dynamo_answer.c $(fuzz_main)
tests_fuzz_fuzz_dynamo_answer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dynamo_answer_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_dynamo_records_SOURCES = tests/fuzz/fuzz_dynamo_records.c $(fuzz_main)
tests_fuzz_fuzz_dynamo_records_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dynamo_records_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_main)
tests_fuzz_fuzz_json_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_json_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_json_flat_SOURCES = tests/fuzz/fuzz_json_flat.c \
	tests/support/json_same.c tests/support/json_same.h $(fuzz_main)
tests_fuzz_fuzz_json_flat_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_json_flat_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_jwks_SOURCES = tests/fuzz/fuzz_jwks.c $(fuzz_main)
tests_fuzz_fuzz_jwks_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_jwks_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_jwt_SOURCES = tests/fuzz/fuzz_jwt.c $(fuzz_main)
tests_fuzz_fuzz_jwt_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_jwt_LDADD = $(fuzz_libs)

fuzzers: $(BUILT_SOURCES)
	$(MAKE) $(AM_MAKEFLAGS) $(FUZZ_TARGETS)
.PHONY: fuzzers

### The signature, judged by botocore (skipped where that is not installed)

check_PROGRAMS += tests/interop/send_signed
tests_interop_send_signed_LDADD = $(core_libs)
TESTS += tests/interop/test_sigv4.py

### What is documented is what the code does (needs Python; nothing runs that is not ours)

check_PROGRAMS += tests/unit/show_settings
tests_unit_show_settings_LDADD = $(core_libs)
TESTS += tests/unit/check_settings_named.py tests/unit/check_events_explained.py
