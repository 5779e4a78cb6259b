/* Error codes of Kafka and librdkafka as words. */
#include "traffic/traffic.h"
#include <librdkafka/rdkafka.h>

/* Kafka's present names, where librdkafka keeps older ones. */
static const struct {
	int code;
	const char *name;
} names[] = {
	{2, "CORRUPT_MESSAGE"},
	{3, "UNKNOWN_TOPIC_OR_PARTITION"},
	{6, "NOT_LEADER_OR_FOLLOWER"},
	{10, "MESSAGE_TOO_LARGE"},
	{17, "INVALID_TOPIC_EXCEPTION"},
	{18, "RECORD_LIST_TOO_LARGE"},
	{-1, "UNKNOWN_SERVER_ERROR"},
};

static const struct {
	int code;
	const char *text;
} texts[] = {
	{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
		"no broker acknowledged it in time; it may or may not "
		"have been written: see whether "
		"the leader is up and enough replicas are in sync (kdeck topics "
		"--describe), or raise delivery.timeout.ms"},
	{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
		"the topic has no such partition: add partitions or choose another one"},
	{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "the topic does not exist: create it first"},
	{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "the topic does not exist: create it first"},
	{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
		"no broker answers: check the address and that the cluster runs"},
	{RD_KAFKA_RESP_ERR__TRANSPORT,
		"the broker does not answer: check the address and that it runs"},
	{RD_KAFKA_RESP_ERR__RESOLVE, "the host name is not known: check its spelling"},
	{RD_KAFKA_RESP_ERR__TIMED_OUT,
		"no answer in time: check the address and that the brokers run"},
	{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
		"raise max.request.size here, or max.message.bytes of the topic"},
	{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
		"fewer replicas are in sync than min.insync.replicas asks for: bring brokers back, "
		"or produce with acks=1"},
	{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
		"written, but by fewer replicas than min.insync.replicas asks for"},
	{RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
		"no record there: use earliest, latest, or an offset between them"},
	{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
		"this user may not use the topic: ask for the right, or use another user"},
	{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
		"this user lacks the right on the cluster: ask for it, or use another user"},
	{RD_KAFKA_RESP_ERR__PURGE_QUEUE, "dropped before it was sent"},
	{RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, "dropped on its way; it may have been written"},
	{RD_KAFKA_RESP_ERR_INVALID_RECORD,
		"the broker refused the record: a compacted topic needs a key in every record"},
	{RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "a policy of the cluster refused it"},
};

const char *traffic_error_name(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].code == code)
			return names[i].name;
	const char *name = rd_kafka_err2name((rd_kafka_resp_err_t)code);
	return *name == '_' ? name + 1 : name;
}

const char *traffic_error_text(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].code == code)
			return texts[i].text;
	return rd_kafka_err2str((rd_kafka_resp_err_t)code);
}
