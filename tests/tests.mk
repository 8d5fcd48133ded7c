# SPDX-License-Identifier: MIT
# The unit tests: one libcheck program for each topic, named tests/unit/check_<module>_<topic>.

check_PROGRAMS =
check_LIBRARIES =
TESTS = build-aux/check-layers

# Every program links everything; the linker takes what it needs.
LDADD = libsupport.a libweb.a libdomain.a $(core_libs) $(FCGI_LIBS) $(CHECK_LIBS) -lpthread

if HAVE_CHECK
check_LIBRARIES += libsupport.a
libsupport_a_SOURCES = \
	tests/support/base64_vectors.c tests/support/digest_info_vectors.c \
	tests/support/http_server.c tests/support/http_server.h \
	tests/support/jwks_stub.c tests/support/jwks_stub.h \
	tests/support/mint.c tests/support/mint.h \
	tests/support/padding_vectors.c \
	tests/support/rsa_key.c tests/support/rsa_key.h \
	tests/support/signature_vectors.c tests/support/structure_vectors.c \
	tests/support/token_vectors.c tests/support/token_vectors.h \
	tests/unit/pg_fixture.c tests/unit/pg_fixture.h \
	tests/unit/private_postgres.c tests/unit/private_postgres.h \
	tests/unit/check_main.h

check_PROGRAMS += \
	tests/unit/check_auth_jwk \
	tests/unit/check_auth_jwk_set \
	tests/unit/check_auth_vectors \
	tests/unit/check_aws_call \
	tests/unit/check_aws_credentials \
	tests/unit/check_base_buf \
	tests/unit/check_base_clock \
	tests/unit/check_base_log \
	tests/unit/check_base_settings \
	tests/unit/check_base_uuid \
	tests/unit/check_fetch \
	tests/unit/check_http_answer \
	tests/unit/check_http_request \
	tests/unit/check_json \
	tests/unit/check_json_check \
	tests/unit/check_json_write \
	tests/unit/check_message_rules \
	tests/unit/check_pg \
	tests/unit/check_pg_link \
	tests/unit/check_pg_loss \
	tests/unit/check_user_store
TESTS += $(check_PROGRAMS) tests/unit/check_embed_sql.sh
endif
