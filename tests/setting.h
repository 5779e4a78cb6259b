/* Settings of a test's run: SEED, ROUNDS and the like, from the environment. */
#ifndef TEST_SETTING_H
#define TEST_SETTING_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

#endif
