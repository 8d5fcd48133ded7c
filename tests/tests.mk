# SPDX-License-Identifier: MIT
# The unit tests: one libcheck program for each topic, named tests/unit/check_<module>_<file>.

EXTRA_DIST =
check_PROGRAMS =
TESTS = build-aux/check-layers
check_LIBRARIES =

if HAVE_CHECK
check_LIBRARIES += libsupport.a
libsupport_a_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
libsupport_a_SOURCES = \
	tests/support/http_server.c tests/support/http_server.h

check_PROGRAMS += \
	tests/unit/check_fetch \
	tests/unit/check_json \
	tests/unit/check_json_check \
	tests/unit/check_json_write
TESTS += $(check_PROGRAMS)
endif

check_CFLAGS_all = $(CHECK_CFLAGS)
AM_CPPFLAGS += $(CHECK_CFLAGS) $(JSON_C_CFLAGS) $(OPENSSL_CFLAGS) $(PQ_CFLAGS)
LDADD = libsupport.a libweb.a libdomain.a $(core_libs) $(FCGI_LIBS) $(CHECK_LIBS) -lpthread
