/* ApiVersions: v0-4. v1 throttle, v3 flexible with features, v4 as v3. An unknown version is
 * answered in v0 with error 35 and the versions of ApiVersions itself (KIP-511), any other error
 * without a list. */
#include "api/api.h"

static bool legal_name(struct str s)
{
	/* Kafka's rule: letters, digits, '.' and '-', beginning and ending with a letter or digit.
	 */
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		bool alnum = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			     (ch >= '0' && ch <= '9');
		bool edge = i == 0 || i + 1 == s.n;
		if (!alnum && (edge || (ch != '.' && ch != '-')))
			return false;
	}
	return s.n > 0;
}

static bool listed(const struct api_handler *h, int16_t error)
{
	return !error || (error == KERR_UNSUPPORTED_VERSION && h->key == API_API_VERSIONS);
}

void api_answer_versions(struct call *c, int16_t error)
{
	struct api_versions_response resp;
	const struct api_handler *h;
	size_t n = api_handlers(&h);

	msg_init(&api_versions_response_desc, &resp);
	resp.error_code = error;
	resp.api_keys = CALL_NEW(c, api_versions_response_api_keys, n);
	for (size_t i = 0; i < n; i++) {
		struct api_versions_response_api_keys *out = &resp.api_keys[resp.n_api_keys];

		if (!listed(&h[i], error) ||
			!api_served_by(c->broker, h[i].key, net_slot_listener(c->slot)))
			continue;
		resp.n_api_keys++;
		out->api_key = h[i].key;
		/* Old librdkafka wants to see version 0 of Produce (KAFKA-18659). */
		out->min_version = h[i].key == API_PRODUCE ? 0 : h[i].min;
		out->max_version = h[i].max;
	}
	call_reply(c, &resp);
}

void api_api_versions(struct call *c, const struct api_versions_request *r)
{
	bool bad = c->version >= 3 && (!legal_name(r->client_software_name) ||
					      !legal_name(r->client_software_version));

	api_answer_versions(c, bad ? KERR_INVALID_REQUEST : KERR_NONE);
}
