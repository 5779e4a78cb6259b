/* Settings as DescribeConfigs shows them. The tables belong to backend/server; handlers see this.
 */
#ifndef API_CONFIGS_H
#define API_CONFIGS_H

#include "base/arena.h"

struct describe_configs_response_results;

/* Kafka's ConfigResource types. */
enum config_resource {
	CONFIG_RESOURCE_TOPIC = 2,
	CONFIG_RESOURCE_BROKER = 4,
	CONFIG_RESOURCE_BROKER_LOGGER = 8,
	CONFIG_RESOURCE_CLIENT_METRICS = 16,
	CONFIG_RESOURCE_GROUP = 32,
};

struct config_wanted {
	int8_t type; /* enum config_resource, as it came */
	struct str name;
	const struct str *keys;
	int32_t n_keys; /* -1: all */
	bool synonyms, docs;
};

struct config_ops {
	void *arg;
	/* Fills out, which is at its defaults; Kafka's errors (unknown topic, bad resource) are put
	 * into it. Names and texts live in the arena, or as long as the request. ERR_NOMEM: the
	 * arena's limit. */
	int (*describe)(void *arg, struct arena *a, const struct config_wanted *wanted,
		struct describe_configs_response_results *out);
};

#endif
