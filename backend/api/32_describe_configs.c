/* DescribeConfigs: v1-4. v3 documentation and types; the tables answer through config_ops. */
#include "api/api.h"
#include "api/configs.h"

void api_describe_configs(struct call *c, const struct describe_configs_request *r)
{
	const struct config_ops *ops = c->broker->configs;
	struct describe_configs_response resp;

	msg_init(&describe_configs_response_desc, &resp);
	resp.results = CALL_NEW(c, describe_configs_response_results, (size_t)r->n_resources);
	for (int32_t i = 0; resp.results && i < r->n_resources; i++) {
		const struct describe_configs_request_resources *in = &r->resources[i];
		const struct config_wanted wanted = {
			.type = in->resource_type,
			.name = in->resource_name,
			.keys = in->configuration_keys,
			.n_keys = in->n_configuration_keys,
			.synonyms = r->include_synonyms,
			.docs = r->include_documentation,
		};

		if (ops->describe(ops->arg, &c->arena, &wanted, &resp.results[i]) < 0)
			break;
		resp.n_results++;
	}
	if (resp.n_results == r->n_resources)
		call_reply(c, &resp);
	else
		call_drop(c, "an answer that is larger than one may be");
}
