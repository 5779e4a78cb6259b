/*
 * Effective settings: what the metadata log's overrides, the broker's file and the defaults make
 * of a key together, and where it comes from.
 *
 *   topic's override  >  this broker's, dynamic  >  all brokers', dynamic  >  file  >  default
 */
#ifndef SERVER_CONFIGS_H
#define SERVER_CONFIGS_H

#include "api/configs.h"
#include "conf/conf.h"
#include "control/control.h"
#include "repl/repl.h"

struct configs;

/* conf is borrowed: a settled broker configuration. */
struct configs *configs_new(const struct conf *conf, int32_t node_id);
void configs_free(struct configs *c);
/* Borrowed; until then there are no overrides. */
void configs_set_image(struct configs *c, const struct image *img);

/* What a topic's settings are together; topic null: without overrides of a topic. */
void configs_topic(const struct configs *c, struct str topic, struct repl_config *out);
/* The effective value of a topic's or broker's key as text, with its source; null when it has none.
 * Valid until the next change of image or conf, at most until the next call. */
struct str configs_topic_value(
	const struct configs *c, struct str topic, const char *key, enum config_source *source);

/* A number's; what stands in the file where the override cannot be one. */
int64_t configs_broker_long(const struct configs *c, const char *key);

/* For the handlers of DescribeConfigs, and for the controller. Valid as long as c. */
const struct config_ops *configs_ops(struct configs *c);
void configs_control_ops(struct configs *c, struct control_config_ops *out);

#endif
