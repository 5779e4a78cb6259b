/*
 * Prints every message table, the table of APIs and the error codes as lines of fields with tabs
 * between, for a test that compares them with Kafka's own definitions:
 *
 *   message  name kind key min max flexible
 *   field    path type shape since until nullable tagged tag default ignorable
 *   api      key name min max flexible
 *   error    code name
 *
 * A field belongs to the message above it. "never" stands for a version that there is none of.
 */
#include <stdio.h>

#include "wire/api.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define PATH_MAX_LEN 256

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[MSG_BOOL] = "bool",
		[MSG_INT8] = "int8",
		[MSG_INT16] = "int16",
		[MSG_UINT16] = "uint16",
		[MSG_INT32] = "int32",
		[MSG_INT64] = "int64",
		[MSG_UUID] = "uuid",
		[MSG_STRING] = "string",
		[MSG_BYTES] = "bytes",
		[MSG_RECORDS] = "records",
		[MSG_STRUCT] = "struct",
	};

	return names[type];
}

static const char *shape_name(uint8_t shape)
{
	static const char *const names[] = {
		[MSG_ONE] = "one",
		[MSG_ARRAY] = "array",
		[MSG_POINTER] = "pointer",
	};

	return names[shape];
}

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[MSG_REQUEST] = "request",
		[MSG_RESPONSE] = "response",
		[MSG_METADATA] = "metadata",
		[MSG_CONTROL] = "control",
		[MSG_EMBEDDED] = "embedded",
	};

	return names[kind];
}

static void print_version(int16_t v)
{
	if (v == NEVER)
		printf("\tnever");
	else
		printf("\t%d", v);
}

/* As the tables keep it: FROM(version), 0 for never. */
static void print_from(int16_t from)
{
	print_version(from ? (int16_t)(from - 1) : NEVER);
}

static void print_default(const struct msg_field *f)
{
	if (f->null_default || f->shape == MSG_POINTER)
		printf("\tnull");
	else if (f->shape == MSG_ONE && (f->type <= MSG_INT64))
		printf("\t%lld", (long long)f->preset);
	else
		printf("\tempty");
}

static void print_fields(const struct msg_struct *s, const char *prefix)
{
	for (int i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		char path[PATH_MAX_LEN];

		snprintf(path, sizeof(path), "%s%s", prefix, f->name);
		printf("field\t%s\t%s\t%s", path, type_name(f->type), shape_name(f->shape));
		print_version(f->since);
		print_version(f->until);
		print_from(f->nullable);
		print_from(f->tagged);
		printf("\t%d", f->tag);
		print_default(f);
		printf("\t%s\n", f->ignorable ? "ignorable" : "strict");
		if (f->type != MSG_STRUCT)
			continue;
		snprintf(path, sizeof(path), "%s%s.", prefix, f->name);
		print_fields(f->elem, path);
	}
}

static void print_message(const struct msg_desc *d)
{
	printf("message\t%s\t%s\t%d\t%d\t%d", d->name, kind_name(d->kind), d->key, d->min, d->max);
	print_version(d->flexible);
	printf("\n");
	print_fields(d->body, "");
}

static void print_api(const struct api *a)
{
	printf("api\t%d\t%s\t%d\t%d", a->key, a->name, a->min, a->max);
	print_version(a->flexible);
	printf("\n");
}

int main(void)
{
	for (const struct msg_desc *const *d = msg_all; *d; d++)
		print_message(*d);
	for (size_t i = 0; i < api_count; i++)
		print_api(&api_table[i]);
	for (int code = INT16_MIN; code <= INT16_MAX; code++)
		if (kerr_known((int16_t)code))
			printf("error\t%d\t%s\n", code, kerr_name((int16_t)code));
	return 0;
}
