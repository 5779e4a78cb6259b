/* ApiVersions: v0-4. v1 throttle, v3 flexible with features, v4 as v3. An unknown version is
 * answered in v0 with error 35 and the list (KIP-511). */
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
		if (!alnum && (edge || (ch != '.' && ch != '-' && ch != '_')))
			return false;
	}
	return s.n > 0;
}

void api_answer_versions(struct call *c, const struct api_versions_request *r, int16_t error)
{
	struct api_versions_response resp;
	const struct api_handler *h;
	size_t n = api_handlers(&h);

	(void)r;
	msg_init(&api_versions_response_desc, &resp);
	resp.error_code = error;
	resp.api_keys = CALL_NEW(c, api_versions_response_api_keys, n);
	resp.n_api_keys = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		resp.api_keys[i].api_key = h[i].key;
		resp.api_keys[i].min_version = h[i].advertised_min;
		resp.api_keys[i].max_version = h[i].max;
	}
	call_reply(c, &resp);
}

void api_api_versions(struct call *c, const struct api_versions_request *r)
{
	bool bad = c->version >= 3 && (!legal_name(r->client_software_name) ||
					      !legal_name(r->client_software_version));

	api_answer_versions(c, r, bad ? KERR_INVALID_REQUEST : KERR_NONE);
}
