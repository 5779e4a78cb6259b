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

/* The whole answer to such a request: check(c, r) gives KERR_NONE or what is wrong with it as a
 * whole, serve(c, r, partition asked, answer to fill) says what becomes of that partition. */
#define VOTERS_SERVE(c, r, message, check, serve)                                              \
	do {                                                                                   \
		struct message##_response resp_;                                               \
		struct message##_response_topics topic_;                                       \
		struct message##_response_partitions part_;                                    \
		msg_init(&message##_response_desc, &resp_);                                    \
		msg_struct_init(&message##_response_topics_struct, &topic_);                   \
		msg_struct_init(&message##_response_partitions_struct, &part_);                \
		resp_.error_code = VOTERS_ASKED_RIGHT(r) ? check(c, r) : KERR_INVALID_REQUEST; \
		if (!resp_.error_code) {                                                       \
			serve(c, r, &(r)->topics[0].partitions[0], &part_);                    \
			topic_.topic_name = STR_LIT(METALOG_TOPIC);                            \
			topic_.partitions = &part_;                                            \
			topic_.n_partitions = 1;                                               \
			resp_.topics = &topic_;                                                \
			resp_.n_topics = 1;                                                    \
		}                                                                              \
		call_reply(c, &resp_);                                                         \
	} while (0)

/* Fetch of the metadata log, by the controller's listener. */
void api_fetch_metadata(struct call *c, const struct fetch_request *r);

#endif
