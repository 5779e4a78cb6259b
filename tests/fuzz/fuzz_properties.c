/* Any bytes as a .properties file: read, and what was read written and read again. */
#include <stdlib.h>

#include "base/utf8.h"
#include "conf/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct pair {
	struct str key, value;
	int seen;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int same(void *arg, struct str key, struct str value, int line)
{
	struct pair *p = arg;

	(void)line;
	must(str_eq(key, p->key) && str_eq(value, p->value));
	p->seen++;
	return 0;
}

static int again(void *arg, struct str key, struct str value, int line)
{
	int *last = arg;
	struct pair p = {key, value, 0};
	struct buf out = BUF_EMPTY;

	must(line > *last);
	*last = line;
	must(utf8_valid(slice_str(key)) && utf8_valid(slice_str(value)));
	properties_write(&out, key, value);
	if (out.n <= PROPERTIES_MAX_BYTES)
		must(properties_parse(buf_slice(&out), "again", same, &p, NULL) == 0 &&
			p.seen == 1);
	buf_fini(&out);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct err e = {0};
	int last = 0;
	int rc = properties_parse(slice_of(p, n), "input", again, &last, &e);

	must((rc < 0) == (e.msg[0] != 0));
	return 0;
}
