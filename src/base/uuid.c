/* Ids and their base64 form (RFC 4648 section 5, without padding). */
#include "base/uuid.h"

#include "base/random.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define TEXT_LEN (UUID_TEXT - 1)

void uuid_random(struct uuid *u)
{
	/* The reserved ids are small numbers: the version bits alone tell them apart. A leading '-'
	 * would look like an option on a command line. */
	do
		random_bytes(u->b, sizeof(u->b));
	while (u->b[0] >> 2 == 62);
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | 0x40);
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

void uuid_format(const struct uuid *u, char out[static UUID_TEXT])
{
	uint32_t bits = 0;
	int have = 0;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(u->b); i++) {
		bits = bits << 8 | u->b[i];
		for (have += 8; have >= 6; have -= 6)
			out[at++] = digits[bits >> (have - 6) & 63];
	}
	out[at++] = digits[bits << (6 - have) & 63];
	out[at] = '\0';
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool uuid_parse(struct str s, struct uuid *out)
{
	struct uuid u;
	uint32_t bits = 0;
	int have = 0;
	size_t at = 0;

	if (s.n != TEXT_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit(s.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			u.b[at++] = (uint8_t)(bits >> have);
		}
	}
	/* the last digit's low bits are beyond the id; Java ignores them as well */
	*out = u;
	return true;
}
