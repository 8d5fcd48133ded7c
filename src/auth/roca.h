/* SPDX-License-Identifier: MIT */
/* Recognises RSA moduli of the flawed generator of CVE-2017-15361 ("ROCA"), whose keys can be
 * factored. A fingerprint, not a proof: it factors nothing.
 * Source: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack", CCS 2017. */
#ifndef CRUDDUR_AUTH_ROCA_H
#define CRUDDUR_AUTH_ROCA_H

#include <openssl/types.h>
#include <stdbool.h>

/* true if the modulus has that generator's shape; a sound one has it once in about 2^27. */
bool roca_suspected(const BIGNUM *modulus);

#endif
