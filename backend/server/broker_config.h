/*
 * The settings of kdeck-broker: every setting of Kafka 4, those of older versions that are met in
 * files, and our own (kdeck.*). broker_config.def holds those that act here, with our words;
 * broker_inert.def those without meaning here.
 */
#ifndef SERVER_BROKER_CONFIG_H
#define SERVER_BROKER_CONFIG_H

#include "conf/conf.h"

/* conf_init with the table of broker settings. */
void broker_config_init(struct conf *c);
/* The table, in the order of its documentation. */
const struct conf_def *broker_config_defs(size_t *n);
/* NULL: Kafka's brokers have no such setting. */
const struct conf_def *broker_config_find(struct str name);

/* Gives `to` the value, as if it stood where `from` stands. */
int broker_config_stand_for(struct conf *c, const char *from, const char *to, const char *value,
	struct err *e) MUSTCHECK;

/*
 * What became of ZooKeeper (broker_zookeeper.c). zookeeper.connect of a node that names no quorum
 * is whom it asks for one, and it joins as a broker. The settings of a ZooKeeper (clientPort,
 * dataDir) make a node with the role controller, alone in its quorum. Each with a note.
 * ERR_UNSUPPORTED: an ensemble.
 */
int broker_zookeeper_settle(struct conf *c, struct err *e) MUSTCHECK;
/* The node.id of such a controller. */
#define BROKER_ZOOKEEPER_ID 3000

/*
 * After all files and overrides: old names become new ones (port, host.name … → listeners;
 * broker.id → node.id; log.dir → log.dirs), defaults that depend on other settings are filled in
 * (data folder under $XDG_DATA_HOME, replication of internal topics by the number of voters), one
 * note names all settings without meaning. ERR_INVALID where settings contradict each other.
 */
int broker_config_settle(struct conf *c, struct err *e) MUSTCHECK;

/* Number of ids in controller.quorum.voters, 1 when there is none. */
int broker_config_voters(const struct conf *c);

#endif
