/* SPDX-License-Identifier: MIT */
/* The ROCA fingerprint: the generator made primes of the form k * M + (65537^a mod M), M being the
 * product of the first primes, so a product of two of them is a power of 65537 modulo every one. */
#include "auth/roca.h"

#include <openssl/bn.h>
#include <stddef.h>

/* Modulo the primes that are left out, nearly everything is a power of 65537: they tell nothing.
 * All of these divide the M of every key size that the generator made. */
static const unsigned int primes[] = { 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109,
	127, 151, 157 };

static bool is_power_of_65537(unsigned long residue, unsigned int prime)
{
	unsigned long power = 1;

	for (unsigned int i = 0; i < prime; i++) {
		if (power == residue)
			return true;
		power = power * (65537UL % prime) % prime;
	}
	return false;
}

bool roca_suspected(const BIGNUM *modulus)
{
	for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
		BN_ULONG residue = BN_mod_word(modulus, primes[i]);

		if (!is_power_of_65537(residue, primes[i]))
			return false;
	}
	return true;
}
