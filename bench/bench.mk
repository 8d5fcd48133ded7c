# SPDX-License-Identifier: MIT
# The micro-benchmarks: built by `make bench-micro` alone, installed never. They need valgrind's headers.

EXTRA_PROGRAMS = bench/micro/token bench/micro/json bench/micro/request

bench_libs = libweb.a libdomain.a $(core_libs)
bench_micro_token_SOURCES = bench/micro/token.c bench/micro/micro.c bench/micro/micro.h
bench_micro_token_LDADD = $(bench_libs)
bench_micro_json_SOURCES = bench/micro/json.c bench/micro/micro.c bench/micro/micro.h tests/support/page_of.h
bench_micro_json_LDADD = $(bench_libs)
bench_micro_request_SOURCES = bench/micro/request.c bench/micro/micro.c bench/micro/micro.h
bench_micro_request_LDADD = $(bench_libs)

CLEANFILES += $(EXTRA_PROGRAMS)

bench-micro: $(BUILT_SOURCES)
	$(MAKE) $(AM_MAKEFLAGS) $(EXTRA_PROGRAMS)
.PHONY: bench-micro
