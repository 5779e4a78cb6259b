/* Settings, waking and words that producer and consumer share. */
#include "traffic/client.h"

#include "io/aside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "traffic"
#include "base/log.h"

int client_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *e)
{
	char why[300] = "";
	switch (rd_kafka_conf_set(conf, name, value, why, sizeof(why))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		return err_set(e, ERR_INVALID, "unknown client property %s", name);
	default:
		return err_set(e, ERR_INVALID, "client property %s=%s: %s", name, value, why);
	}
}

int client_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value, struct err *e)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)value);
	return client_set(conf, name, text, e);
}

/* Java's names that librdkafka lacks: another name, or NULL for what means nothing here. */
static const struct {
	const char *java, *here;
} java_names[] = {
	{"fetch.max.wait.ms", "fetch.wait.max.ms"},
	{"max.request.size", "message.max.bytes"},
	{"send.buffer.bytes", "socket.send.buffer.bytes"},
	{"receive.buffer.bytes", "socket.receive.buffer.bytes"},
	{"metadata.max.age.ms", "metadata.max.age.ms"},
	{"request.timeout.ms", "socket.timeout.ms"},
	{"key.serializer", NULL},
	{"value.serializer", NULL},
	{"key.deserializer", NULL},
	{"value.deserializer", NULL},
	{"max.poll.records", NULL},
	{"max.block.ms", NULL},
	{"auto.offset.reset", NULL},
	{"partitioner.class", NULL},
	{"client.dns.lookup", NULL},
	{"metric.reporters", NULL},
	{"enable.metrics.push", NULL},
	{"retries.backoff.max.ms", NULL},
};

static int set_java(rd_kafka_conf_t *conf, const struct traffic_property *p, bool producer,
	bool *known, struct err *e)
{
	*known = true;
	if (!strcmp(p->name, "buffer.memory")) {
		char *end;
		long long bytes = strtoll(p->value, &end, 10);
		if (*end || end == p->value || bytes < 1024)
			return err_set(e, ERR_INVALID,
				"client property buffer.memory=%s: a number of bytes, 1024 or "
				"more, "
				"was expected",
				p->value);
		return client_set_int(
			conf, "queue.buffering.max.kbytes", min_i64(bytes / 1024, INT32_MAX), e);
	}
	for (size_t i = 0; i < ARRAY_LEN(java_names); i++) {
		if (strcmp(p->name, java_names[i].java))
			continue;
		if (producer && !strcmp(p->name, "request.timeout.ms"))
			break; /* librdkafka has it for producers */
		return java_names[i].here ? client_set(conf, java_names[i].here, p->value, e) : 0;
	}
	*known = false;
	return 0;
}

int client_set_all(rd_kafka_conf_t *conf, const struct traffic_property *p, size_t n, bool producer,
	struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		bool known;
		int r = set_java(conf, &p[i], producer, &known, e);
		if (r == 0 && !known)
			r = client_set(conf, p[i].name, p[i].value, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int traffic_property_check(const struct traffic_property *p, bool producer, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[8];
	bool known;
	bool acks = !strcmp(p->name, "acks") || !strcmp(p->name, "request.required.acks");
	int r = set_java(conf, p, producer, &known, e);
	if (r == 0 && !known) {
		rd_kafka_conf_res_t res =
			rd_kafka_conf_set(conf, p->name, p->value, why, sizeof(why));
		r = res == RD_KAFKA_CONF_UNKNOWN
			    ? err_set(e, ERR_NOT_FOUND, "unknown client property %s", p->name)
			    : client_set(conf, p->name, p->value, e);
	}
	/* librdkafka takes any number, brokers do not. */
	if (r == 0 && acks && strcmp(p->value, "all") && strcmp(p->value, "-1") &&
		strcmp(p->value, "0") && strcmp(p->value, "1"))
		r = err_set(e, ERR_INVALID, "client property %s=%s: all, -1, 0 or 1 was expected",
			p->name, p->value);
	rd_kafka_conf_destroy(conf);
	return r;
}

rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, int events, struct err *e)
{
	char why[300];
	rd_kafka_conf_set_events(conf, events | RD_KAFKA_EVENT_LOG);
	/* Logs are events from the first line on. */
	rd_kafka_conf_set(conf, "log.queue", "true", NULL, 0);
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		err_set(e, ERR_INVALID, "client settings: %s", why);
	}
	return rk;
}

int pipe_open(struct pipe_watch *p, struct loop *l, loop_watch_fn *fn, void *arg, struct err *e)
{
	if (pipe2(p->fd, O_NONBLOCK | O_CLOEXEC) < 0) {
		p->fd[0] = p->fd[1] = -1;
		return err_errno(e, ERR_IO, errno, "cannot make a pipe");
	}
	p->watch = loop_watch_new(l, p->fd[0], fn, arg, e);
	if (!p->watch)
		return e ? e->code : ERR_IO;
	loop_watch_set(p->watch, LOOP_READ);
	return 0;
}

void pipe_unwatch(struct pipe_watch *p)
{
	loop_watch_free(p->watch);
	p->watch = NULL;
}

void pipe_close(struct pipe_watch *p)
{
	pipe_unwatch(p);
	for (int i = 0; i < 2; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}

void pipe_drain(struct pipe_watch *p)
{
	char waste[512];
	while (read(p->fd[0], waste, sizeof(waste)) == (ssize_t)sizeof(waste))
		;
}

void pipe_poke(struct pipe_watch *p)
{
	/* A full pipe wakes as well. */
	if (write(p->fd[1], "1", 1) < 0 && errno != EAGAIN)
		log_warn("cannot wake the loop: %s", strerror(errno));
}

static void end_itself_freed(void *own)
{
	(void)own;
}

void client_end(struct loop *l, void (*end)(void *own), void *own)
{
	struct aside_job job = {"client-end", end, end_itself_freed, own, NULL, NULL};
	struct aside *a = aside_start(l, &job, NULL);

	if (a)
		(void)aside_finish(a, CLIENT_GRACE_MS);
	else
		end(own);
}

void client_log(rd_kafka_event_t *ev)
{
	const char *facility = "", *text = "";
	int level = 6;
	if (rd_kafka_event_log(ev, &facility, &text, &level) < 0)
		return;
	/* Lost connections come as errors too, where somebody decides what to say. */
	log_debug("%s (level %d): %s", facility, level, text);
}

bool client_error(rd_kafka_t *rk, rd_kafka_event_t *ev, const char *bootstrap, struct err *e)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(ev);
	char why[300];
	snprintf(why, sizeof(why), "%s", rd_kafka_event_error_string(ev));
	bool fatal = rd_kafka_event_error_is_fatal(ev);
	if (fatal)
		code = rd_kafka_fatal_error(rk, why, sizeof(why));
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
		err_set(e, ERR_CLOSED, "%s: %s: %s", bootstrap, why, traffic_error_text(code));
		break;
	default:
		err_set(e, ERR_IO, "%s: %s: %s", bootstrap, traffic_error_name(code), why);
	}
	return fatal;
}
