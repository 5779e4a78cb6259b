/*
 * The settings of topics: Kafka's names, types, bounds and defaults, and the broker settings they
 * fall back to. topic_config.def is the table.
 */
#ifndef META_TOPIC_CONFIG_H
#define META_TOPIC_CONFIG_H

#include "conf/conf.h"

#define TOPIC_CONFIG_SYNONYMS 3

/* A broker setting that stands for a topic's where that is not set. */
struct topic_config_synonym {
	const char *broker_key; /* NULL: end of the list */
	int64_t factor;         /* its value times this is the topic's: hours to ms, else 1 */
};

struct topic_config {
	struct conf_def def;
	/* The first that is set counts; the last has the default. */
	struct topic_config_synonym synonyms[TOPIC_CONFIG_SYNONYMS];
};

/* NULL: no such topic setting. */
const struct topic_config *topic_config_find(struct str name);
/* 0; ERR_NOT_FOUND (the message suggests the nearest name); ERR_INVALID (the message names key,
 * value and what was expected). e may be NULL. */
int topic_config_check(struct str name, struct str value, struct err *e) MUSTCHECK;
/* In the order of their names. */
size_t topic_config_count(void);
const struct topic_config *topic_config_at(size_t i);
/* NULL: none is near. */
const char *topic_config_nearest(struct str name);

#endif
