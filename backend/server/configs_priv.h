/* What configs.c (values) and configs_describe.c (DescribeConfigs) share. */
#ifndef SERVER_CONFIGS_PRIV_H
#define SERVER_CONFIGS_PRIV_H

#include "meta/topic_config.h"
#include "server/configs.h"

#define CONFIGS_NUMBER  24
#define CONFIGS_SCRATCH 16

/* Texts of numbers in another unit, used in turn. */
struct configs_scratch {
	char text[CONFIGS_SCRATCH][CONFIGS_NUMBER];
	unsigned next;
};

struct configs {
	const struct conf *conf;
	const struct image *image; /* NULL: none yet */
	char node_name[16];
	struct configs_scratch *scratch;
	struct config_ops ops;
};

/* What a broker key has in one place, CONFIG_FROM_BROKER … DEFAULT; null: nothing. key is of the
 * table and no prefix. */
struct str configs_broker_at(const struct configs *c, const struct image *img, const char *key,
	enum config_source place);
/* Effective values, over an image that may be NULL. */
struct str configs_topic_row(const struct configs *c, const struct image *img, struct str topic,
	const struct topic_config *t, enum config_source *source);
struct str configs_broker_row(const struct configs *c, const struct image *img, const char *key,
	enum config_source *source);

/* config_ops.describe; arg is a struct configs. */
int configs_describe(void *arg, struct arena *a, const struct config_wanted *wanted,
	struct describe_configs_response_results *out);

#endif
