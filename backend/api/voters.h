/* What the requests between controllers have in common. */
#ifndef API_VOTERS_H
#define API_VOTERS_H

#include "api/api.h"

/*
 * May `from` speak of this quorum? cluster_id: as the request has it; asked: the node that it was
 * meant for, -1: not said. KERR_NONE, INCONSISTENT_CLUSTER_ID (both have an id, and they differ),
 * INVALID_VOTER_KEY (meant for another node: addresses that differ), INCONSISTENT_VOTER_SET (no
 * voter here). Each is logged, at most one line in ten seconds.
 */
int16_t voters_check(struct call *c, struct str cluster_id, int32_t asked, int32_t from);
/* A voter fetches from two folders; logged as above. */
void voters_twice(struct call *c, int32_t id);
/* The cluster's id alone. */
int16_t voters_check_cluster(struct call *c, struct str cluster_id);

/* The one topic with the one partition that a quorum leads. */
#define VOTERS_ASKED_RIGHT(r)                                                       \
	((r)->n_topics == 1 && str_eqz((r)->topics[0].topic_name, METALOG_TOPIC) && \
		(r)->topics[0].n_partitions == 1 &&                                 \
		(r)->topics[0].partitions[0].partition_index == 0)

/* The answer about that partition, `part`, in resp; topic and part live as long as it. */
#define VOTERS_ANSWER(resp, topic, part)                      \
	do {                                                  \
		(topic)->topic_name = STR_LIT(METALOG_TOPIC); \
		(topic)->partitions = (part);                 \
		(topic)->n_partitions = 1;                    \
		(resp)->topics = (topic);                     \
		(resp)->n_topics = 1;                         \
	} while (0)

/* Fetch of the metadata log, by the controller's listener. */
void api_fetch_metadata(struct call *c, const struct fetch_request *r);

#endif
