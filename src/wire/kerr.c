/* Lookup in the table of Kafka's error codes, which is dense from -1 up. */
#include "wire/kerr.h"

#include "base/attr.h"

static const struct kerr_row {
	int16_t code;
	bool retriable;
	const char *name;
	const char *text;
} rows[] = {
#define KERR(code, NAME, retriable, text) {code, retriable, #NAME, text},
#include "wire/kerr.def"
};

static const struct kerr_row *find(int16_t code)
{
	int i = code + 1;

	if (i < 0 || i >= (int)ARRAY_LEN(rows) || rows[i].code != code)
		return NULL;
	return &rows[i];
}

const char *kerr_name(int16_t code)
{
	const struct kerr_row *row = find(code);

	return row ? row->name : "UNKNOWN";
}

const char *kerr_text(int16_t code)
{
	const struct kerr_row *row = find(code);

	return row ? row->text : "The broker gave an error code that is not known here.";
}

bool kerr_retriable(int16_t code)
{
	const struct kerr_row *row = find(code);

	return row && row->retriable;
}

bool kerr_known(int16_t code)
{
	return find(code) != NULL;
}
