/*
 * What both sides speak: ApiVersions as the first request of every connection (KIP-35, KIP-511).
 *
 * It is sent in our newest version. A broker that does not know that one answers with error 35
 * (UNSUPPORTED_VERSION) and a body of version 0, whatever was asked for, that lists what it does
 * know; the question is repeated once with that, and with version 0 if even the list cannot be
 * read.
 */
#include "link/link_impl.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "wire/kerr.h"

static void on_versions(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return (x->key > y->key) - (x->key < y->key);
}

static const struct range *range_of(const struct link *k, int16_t key)
{
	struct range want = {.key = key};

	if (!k->ranges.n)
		return NULL;
	return bsearch(&want, k->ranges.v, k->ranges.n, sizeof(*k->ranges.v), range_cmp);
}

bool link_broker_range(const struct link *k, int16_t api_key, int16_t *min, int16_t *max)
{
	const struct range *r = range_of(k, api_key);

	if (!r)
		return false;
	*min = r->min;
	*max = r->max;
	return true;
}

int16_t link_version_for(const struct link *k, int16_t api_key, int16_t cap)
{
	const struct range *r = range_of(k, api_key);
	const struct api *api = api_find(api_key);
	int16_t lo, hi;

	if (!r || !api)
		return -1;
	lo = r->min > api->request->min ? r->min : api->request->min;
	hi = r->max < api->request->max ? r->max : api->request->max;
	if (cap >= 0 && hi > cap)
		hi = cap;
	return hi >= lo ? hi : -1;
}

void link_versions_clear(struct link *k)
{
	vec_clear(&k->ranges);
}

static void keep(struct link *k, const struct api_versions_response *r)
{
	link_versions_clear(k);
	for (int32_t i = 0; i < r->n_api_keys; i++) {
		const struct api_versions_response_api_keys *a = &r->api_keys[i];
		vec_push(&k->ranges, ((struct range){a->api_key, a->min_version, a->max_version}));
	}
	vec_sort(&k->ranges, range_cmp);
}

static void ask(struct link *k, int16_t version)
{
	struct api_versions_request r;
	struct link_call c = {
		.api_key = API_API_VERSIONS,
		.timeout_ms = k->opt.connect_timeout_ms,
		.request = &r,
		.fn = on_versions,
		.arg = k,
	};
	struct err e = {0};

	msg_init(&api_versions_request_desc, &r);
	r.client_software_name = STR_LIT("kdeck");
	r.client_software_version = STR_LIT(PACKAGE_VERSION);
	if (link_send(k, &c, version, &e) < 0)
		link_fail(k, &e);
}

/* The version to fall back to after error 35; the list is empty when it could not be read. */
static int16_t fallback(const struct api_versions_response *r)
{
	for (int32_t i = 0; i < r->n_api_keys; i++)
		if (r->api_keys[i].api_key == API_API_VERSIONS)
			return r->api_keys[i].max_version;
	return 0;
}

static void on_versions(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct link *k = arg;
	const struct api_versions_response *r = response;
	struct err why = {0};
	int16_t next;

	(void)arena;
	if (e) {
		/* A connection that has ended is already being dealt with. */
		if (k->state == LINK_VERSIONS)
			link_fail(k, e);
		return;
	}
	if (r->error_code == KERR_UNSUPPORTED_VERSION && version > 0) {
		next = fallback(r);
		ask(k, next < 0 || next >= version ? 0 : next);
		return;
	}
	if (r->error_code != KERR_NONE) {
		err_set(&why, ERR_DENIED, "%s refuses to say what it speaks: %s: %s", k->name,
			kerr_name(r->error_code), kerr_text(r->error_code));
		link_fail(k, &why);
		return;
	}
	keep(k, r);
	link_ready(k);
}

void link_versions_start(struct link *k)
{
	ask(k, api_versions_request_desc.max);
}
