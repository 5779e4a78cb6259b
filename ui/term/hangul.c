/* Hangul on the two-set (dubeolsik) layout, back to the QWERTY letters that were struck. */
#include "term/key.h"

/* By jamo index as Unicode orders initial consonants, vowels and final consonants. */
static const char *const initials[19] = {"r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d",
	"w", "W", "c", "z", "x", "v", "g"};
static const char *const vowels[21] = {"k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho",
	"hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"};
static const char *const finals[28] = {"", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa",
	"fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T", "d", "w", "c", "z", "x", "v", "g"};
/* Compatibility consonants U+3131 to U+314E. */
static const char *const consonants[30] = {"r", "R", "rt", "s", "sw", "sg", "e", "E", "f", "fr",
	"fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q", "qt", "t", "T", "d", "w", "W", "c", "z",
	"x", "v", "g"};

static int add(char out[static 8], int n, const char *keys)
{
	while (*keys)
		out[n++] = *keys++;
	out[n] = 0;
	return n;
}

int key_hangul(uint32_t cp, char out[static 8])
{
	out[0] = 0;
	if (cp >= 0xac00 && cp <= 0xd7a3) {
		uint32_t i = cp - 0xac00;
		int n = add(out, 0, initials[i / 588]);
		n = add(out, n, vowels[i % 588 / 28]);
		return add(out, n, finals[i % 28]);
	}
	if (cp >= 0x3131 && cp <= 0x314e)
		return add(out, 0, consonants[cp - 0x3131]);
	if (cp >= 0x314f && cp <= 0x3163)
		return add(out, 0, vowels[cp - 0x314f]);
	if (cp >= 0x1100 && cp <= 0x1112)
		return add(out, 0, initials[cp - 0x1100]);
	if (cp >= 0x1161 && cp <= 0x1175)
		return add(out, 0, vowels[cp - 0x1161]);
	if (cp >= 0x11a8 && cp <= 0x11c2)
		return add(out, 0, finals[cp - 0x11a7]);
	return 0;
}
