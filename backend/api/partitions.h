/*
 * Answers about partitions, in the shapes that several messages share.
 *
 * Requests that ask something of each partition of some topics (ListOffsets, DeleteRecords,
 * OffsetForLeaderEpoch) have one shape: topics with a name, partitions in them, an answer for each.
 */
#ifndef API_PARTITIONS_H
#define API_PARTITIONS_H

#include "api/api.h"

#define ANSWER_PARTITIONS(c, r, resp, message, name, one) \
	ANSWER_PARTITIONS_OF(c, c, r, resp, message, name, one)
/* Fills resp->topics from r->topics: one(arg, r, topic or NULL, partition asked, answer to fill)
 * for every partition. message is the API's name, name its member for the topic's name. */
#define ANSWER_PARTITIONS_OF(c, arg, r, resp, message, name, one)                               \
	do {                                                                                    \
		(resp)->topics = CALL_NEW(c, message##_response_topics, (size_t)(r)->n_topics); \
		(resp)->n_topics = (r)->n_topics;                                               \
		for (int32_t i_ = 0; i_ < (r)->n_topics; i_++) {                                \
			const struct message##_request_topics *in_ = &(r)->topics[i_];          \
			struct message##_response_topics *out_ = &(resp)->topics[i_];           \
			const struct repl_topic *t_ = repl_topic((c)->broker->repl, in_->name); \
			out_->name = in_->name;                                                 \
			out_->partitions = CALL_NEW(                                            \
				c, message##_response_partitions, (size_t)in_->n_partitions);   \
			out_->n_partitions = in_->n_partitions;                                 \
			for (int32_t k_ = 0; k_ < in_->n_partitions; k_++)                      \
				one(arg, r, t_, &in_->partitions[k_], &out_->partitions[k_]);   \
		}                                                                               \
	} while (0)

/* One partition as the image has it, into an answer of Metadata or DescribeTopicPartitions. */
#define PUT_PARTITION(c, img, p, index, out)                                                 \
	do {                                                                                 \
		(out)->partition_index = (index);                                            \
		(out)->leader_id = (p)->leader;                                              \
		(out)->leader_epoch = (p)->leader_epoch;                                     \
		(out)->error_code = (p)->leader < 0 ? KERR_LEADER_NOT_AVAILABLE : KERR_NONE; \
		(out)->replica_nodes = (p)->replicas.v;                                      \
		(out)->n_replica_nodes = (p)->replicas.n;                                    \
		(out)->isr_nodes = (p)->isr.v;                                               \
		(out)->n_isr_nodes = (p)->isr.n;                                             \
		(out)->offline_replicas =                                                    \
			arena_array(&(c)->arena, (size_t)(p)->replicas.n, sizeof(int32_t));  \
		(out)->n_offline_replicas =                                                  \
			image_offline(img, (p)->replicas, (out)->offline_replicas);          \
	} while (0)

#endif
