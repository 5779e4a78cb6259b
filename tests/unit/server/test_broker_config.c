/* The table of broker settings, and how files, overrides and old names settle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "meta/topic_config.h"
#include "server/broker_config.h"

/* Every setting of a broker of Kafka 4.3. */
static const char *const kafka[] = {
	"add.partitions.to.txn.retry.backoff.max.ms",
	"add.partitions.to.txn.retry.backoff.ms",
	"advertised.listeners",
	"alter.config.policy.class.name",
	"alter.log.dirs.replication.quota.window.num",
	"alter.log.dirs.replication.quota.window.size.seconds",
	"authorizer.class.name",
	"auto.create.topics.enable",
	"auto.leader.rebalance.enable",
	"background.threads",
	"broker.heartbeat.interval.ms",
	"broker.id",
	"broker.rack",
	"broker.session.timeout.ms",
	"client.quota.callback.class",
	"compression.gzip.level",
	"compression.lz4.level",
	"compression.type",
	"compression.zstd.level",
	"config.providers",
	"connection.failed.authentication.delay.ms",
	"connections.max.idle.ms",
	"connections.max.reauth.ms",
	"controlled.shutdown.enable",
	"controller.listener.names",
	"controller.performance.always.log.threshold.ms",
	"controller.performance.sample.period.ms",
	"controller.quorum.append.linger.ms",
	"controller.quorum.auto.join.enable",
	"controller.quorum.bootstrap.servers",
	"controller.quorum.election.backoff.max.ms",
	"controller.quorum.election.timeout.ms",
	"controller.quorum.fetch.max.bytes",
	"controller.quorum.fetch.snapshot.max.bytes",
	"controller.quorum.fetch.timeout.ms",
	"controller.quorum.request.timeout.ms",
	"controller.quorum.retry.backoff.ms",
	"controller.quorum.voters",
	"controller.quota.window.num",
	"controller.quota.window.size.seconds",
	"controller.socket.timeout.ms",
	"cordoned.log.dirs",
	"create.topic.policy.class.name",
	"default.replication.factor",
	"delegation.token.expiry.check.interval.ms",
	"delegation.token.expiry.time.ms",
	"delegation.token.max.lifetime.ms",
	"delegation.token.secret.key",
	"delete.records.purgatory.purge.interval.requests",
	"delete.topic.enable",
	"early.start.listeners",
	"fetch.max.bytes",
	"fetch.purgatory.purge.interval.requests",
	"follower.fetch.last.tiered.offset.enable",
	"group.consumer.assignment.interval.ms",
	"group.consumer.assignors",
	"group.consumer.heartbeat.interval.ms",
	"group.consumer.max.assignment.interval.ms",
	"group.consumer.max.heartbeat.interval.ms",
	"group.consumer.max.session.timeout.ms",
	"group.consumer.max.size",
	"group.consumer.migration.policy",
	"group.consumer.min.assignment.interval.ms",
	"group.consumer.min.heartbeat.interval.ms",
	"group.consumer.min.session.timeout.ms",
	"group.consumer.regex.refresh.interval.ms",
	"group.consumer.session.timeout.ms",
	"group.coordinator.append.linger.ms",
	"group.coordinator.background.threads",
	"group.coordinator.cached.buffer.max.bytes",
	"group.coordinator.rebalance.protocols",
	"group.coordinator.threads",
	"group.initial.rebalance.delay.ms",
	"group.max.session.timeout.ms",
	"group.max.size",
	"group.min.session.timeout.ms",
	"group.share.assignment.interval.ms",
	"group.share.assignors",
	"group.share.delivery.count.limit",
	"group.share.heartbeat.interval.ms",
	"group.share.initialize.retry.interval.ms",
	"group.share.max.assignment.interval.ms",
	"group.share.max.delivery.count.limit",
	"group.share.max.heartbeat.interval.ms",
	"group.share.max.partition.max.record.locks",
	"group.share.max.record.lock.duration.ms",
	"group.share.max.session.timeout.ms",
	"group.share.max.share.sessions",
	"group.share.max.size",
	"group.share.min.assignment.interval.ms",
	"group.share.min.delivery.count.limit",
	"group.share.min.heartbeat.interval.ms",
	"group.share.min.partition.max.record.locks",
	"group.share.min.record.lock.duration.ms",
	"group.share.min.session.timeout.ms",
	"group.share.partition.max.record.locks",
	"group.share.persister.class.name",
	"group.share.record.lock.duration.ms",
	"group.share.session.timeout.ms",
	"group.streams.assignment.interval.ms",
	"group.streams.heartbeat.interval.ms",
	"group.streams.initial.rebalance.delay.ms",
	"group.streams.max.assignment.interval.ms",
	"group.streams.max.heartbeat.interval.ms",
	"group.streams.max.session.timeout.ms",
	"group.streams.max.size",
	"group.streams.max.standby.replicas",
	"group.streams.min.assignment.interval.ms",
	"group.streams.min.heartbeat.interval.ms",
	"group.streams.min.session.timeout.ms",
	"group.streams.num.standby.replicas",
	"group.streams.session.timeout.ms",
	"initial.broker.registration.timeout.ms",
	"inter.broker.listener.name",
	"internal.metadata.delete.delay.millis",
	"internal.metadata.log.segment.bytes",
	"internal.metadata.max.batch.size.in.bytes",
	"kafka.metrics.polling.interval.secs",
	"kafka.metrics.reporters",
	"leader.imbalance.check.interval.seconds",
	"listener.security.protocol.map",
	"listeners",
	"log.cleaner.backoff.ms",
	"log.cleaner.dedupe.buffer.size",
	"log.cleaner.delete.retention.ms",
	"log.cleaner.enable",
	"log.cleaner.io.buffer.load.factor",
	"log.cleaner.io.buffer.size",
	"log.cleaner.io.max.bytes.per.second",
	"log.cleaner.max.compaction.lag.ms",
	"log.cleaner.min.cleanable.ratio",
	"log.cleaner.min.compaction.lag.ms",
	"log.cleaner.threads",
	"log.cleanup.policy",
	"log.dir",
	"log.dir.failure.timeout.ms",
	"log.dirs",
	"log.flush.interval.messages",
	"log.flush.interval.ms",
	"log.flush.offset.checkpoint.interval.ms",
	"log.flush.scheduler.interval.ms",
	"log.flush.start.offset.checkpoint.interval.ms",
	"log.index.interval.bytes",
	"log.index.size.max.bytes",
	"log.initial.task.delay.ms",
	"log.local.retention.bytes",
	"log.local.retention.ms",
	"log.message.timestamp.after.max.ms",
	"log.message.timestamp.before.max.ms",
	"log.message.timestamp.type",
	"log.preallocate",
	"log.retention.bytes",
	"log.retention.check.interval.ms",
	"log.retention.hours",
	"log.retention.minutes",
	"log.retention.ms",
	"log.roll.hours",
	"log.roll.jitter.hours",
	"log.roll.jitter.ms",
	"log.roll.ms",
	"log.segment.bytes",
	"log.segment.delete.delay.ms",
	"max.connection.creation.rate",
	"max.connections",
	"max.connections.per.ip",
	"max.connections.per.ip.overrides",
	"max.incremental.fetch.session.cache.slots",
	"max.request.partition.size.limit",
	"message.max.bytes",
	"metadata.log.dir",
	"metadata.log.max.record.bytes.between.snapshots",
	"metadata.log.max.snapshot.interval.ms",
	"metadata.log.segment.bytes",
	"metadata.log.segment.ms",
	"metadata.max.idle.interval.ms",
	"metadata.max.retention.bytes",
	"metadata.max.retention.ms",
	"metric.reporters",
	"metrics.num.samples",
	"metrics.recording.level",
	"metrics.sample.window.ms",
	"min.insync.replicas",
	"node.id",
	"num.io.threads",
	"num.network.threads",
	"num.partitions",
	"num.recovery.threads.per.data.dir",
	"num.replica.alter.log.dirs.threads",
	"num.replica.fetchers",
	"offset.metadata.max.bytes",
	"offsets.commit.timeout.ms",
	"offsets.load.buffer.size",
	"offsets.retention.check.interval.ms",
	"offsets.retention.minutes",
	"offsets.topic.compression.codec",
	"offsets.topic.num.partitions",
	"offsets.topic.replication.factor",
	"offsets.topic.segment.bytes",
	"principal.builder.class",
	"process.roles",
	"producer.id.expiration.check.interval.ms",
	"producer.id.expiration.ms",
	"producer.purgatory.purge.interval.requests",
	"queued.max.request.bytes",
	"queued.max.requests",
	"quota.window.num",
	"quota.window.size.seconds",
	"remote.fetch.max.wait.ms",
	"remote.list.offsets.request.timeout.ms",
	"remote.log.index.file.cache.total.size.bytes",
	"remote.log.index.file.cache.ttl.ms",
	"remote.log.manager.copier.thread.pool.size",
	"remote.log.manager.copy.max.bytes.per.second",
	"remote.log.manager.copy.quota.window.num",
	"remote.log.manager.copy.quota.window.size.seconds",
	"remote.log.manager.expiration.thread.pool.size",
	"remote.log.manager.fetch.max.bytes.per.second",
	"remote.log.manager.fetch.quota.window.num",
	"remote.log.manager.fetch.quota.window.size.seconds",
	"remote.log.manager.follower.thread.pool.size",
	"remote.log.manager.task.interval.ms",
	"remote.log.manager.task.retry.backoff.max.ms",
	"remote.log.manager.task.retry.backoff.ms",
	"remote.log.manager.task.retry.jitter",
	"remote.log.manager.thread.pool.size",
	"remote.log.metadata.custom.metadata.max.bytes",
	"remote.log.metadata.manager.class.name",
	"remote.log.metadata.manager.class.path",
	"remote.log.metadata.manager.impl.prefix",
	"remote.log.metadata.manager.listener.name",
	"remote.log.reader.max.pending.tasks",
	"remote.log.reader.threads",
	"remote.log.storage.manager.class.name",
	"remote.log.storage.manager.class.path",
	"remote.log.storage.manager.impl.prefix",
	"remote.log.storage.system.enable",
	"replica.fetch.backoff.ms",
	"replica.fetch.max.bytes",
	"replica.fetch.min.bytes",
	"replica.fetch.response.max.bytes",
	"replica.fetch.wait.max.ms",
	"replica.high.watermark.checkpoint.interval.ms",
	"replica.lag.time.max.ms",
	"replica.selector.class",
	"replica.socket.receive.buffer.bytes",
	"replica.socket.timeout.ms",
	"replication.quota.window.num",
	"replication.quota.window.size.seconds",
	"request.timeout.ms",
	"sasl.client.callback.handler.class",
	"sasl.enabled.mechanisms",
	"sasl.jaas.config",
	"sasl.kerberos.kinit.cmd",
	"sasl.kerberos.min.time.before.relogin",
	"sasl.kerberos.principal.to.local.rules",
	"sasl.kerberos.service.name",
	"sasl.kerberos.ticket.renew.jitter",
	"sasl.kerberos.ticket.renew.window.factor",
	"sasl.login.callback.handler.class",
	"sasl.login.class",
	"sasl.login.connect.timeout.ms",
	"sasl.login.read.timeout.ms",
	"sasl.login.refresh.buffer.seconds",
	"sasl.login.refresh.min.period.seconds",
	"sasl.login.refresh.window.factor",
	"sasl.login.refresh.window.jitter",
	"sasl.login.retry.backoff.max.ms",
	"sasl.login.retry.backoff.ms",
	"sasl.mechanism.controller.protocol",
	"sasl.mechanism.inter.broker.protocol",
	"sasl.oauthbearer.assertion.algorithm",
	"sasl.oauthbearer.assertion.claim.aud",
	"sasl.oauthbearer.assertion.claim.exp.seconds",
	"sasl.oauthbearer.assertion.claim.iss",
	"sasl.oauthbearer.assertion.claim.jti.include",
	"sasl.oauthbearer.assertion.claim.nbf.seconds",
	"sasl.oauthbearer.assertion.claim.sub",
	"sasl.oauthbearer.assertion.file",
	"sasl.oauthbearer.assertion.private.key.file",
	"sasl.oauthbearer.assertion.private.key.passphrase",
	"sasl.oauthbearer.assertion.template.file",
	"sasl.oauthbearer.client.credentials.client.id",
	"sasl.oauthbearer.client.credentials.client.secret",
	"sasl.oauthbearer.clock.skew.seconds",
	"sasl.oauthbearer.expected.audience",
	"sasl.oauthbearer.expected.issuer",
	"sasl.oauthbearer.jwks.endpoint.refresh.ms",
	"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
	"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
	"sasl.oauthbearer.jwks.endpoint.url",
	"sasl.oauthbearer.jwt.retriever.class",
	"sasl.oauthbearer.jwt.validator.class",
	"sasl.oauthbearer.scope",
	"sasl.oauthbearer.scope.claim.name",
	"sasl.oauthbearer.sub.claim.name",
	"sasl.oauthbearer.token.endpoint.url",
	"sasl.server.callback.handler.class",
	"sasl.server.max.receive.size",
	"security.inter.broker.protocol",
	"security.providers",
	"server.max.startup.time.ms",
	"share.coordinator.append.linger.ms",
	"share.coordinator.cached.buffer.max.bytes",
	"share.coordinator.cold.partition.snapshot.interval.ms",
	"share.coordinator.load.buffer.size",
	"share.coordinator.snapshot.update.records.per.snapshot",
	"share.coordinator.state.topic.compression.codec",
	"share.coordinator.state.topic.min.isr",
	"share.coordinator.state.topic.num.partitions",
	"share.coordinator.state.topic.prune.interval.ms",
	"share.coordinator.state.topic.replication.factor",
	"share.coordinator.state.topic.segment.bytes",
	"share.coordinator.threads",
	"share.coordinator.write.timeout.ms",
	"share.fetch.purgatory.purge.interval.requests",
	"socket.connection.setup.timeout.max.ms",
	"socket.connection.setup.timeout.ms",
	"socket.listen.backlog.size",
	"socket.receive.buffer.bytes",
	"socket.request.max.bytes",
	"socket.send.buffer.bytes",
	"ssl.allow.dn.changes",
	"ssl.allow.san.changes",
	"ssl.cipher.suites",
	"ssl.client.auth",
	"ssl.enabled.protocols",
	"ssl.endpoint.identification.algorithm",
	"ssl.engine.factory.class",
	"ssl.key.password",
	"ssl.keymanager.algorithm",
	"ssl.keystore.certificate.chain",
	"ssl.keystore.key",
	"ssl.keystore.location",
	"ssl.keystore.password",
	"ssl.keystore.type",
	"ssl.principal.mapping.rules",
	"ssl.protocol",
	"ssl.provider",
	"ssl.secure.random.implementation",
	"ssl.trustmanager.algorithm",
	"ssl.truststore.certificates",
	"ssl.truststore.location",
	"ssl.truststore.password",
	"ssl.truststore.type",
	"telemetry.max.bytes",
	"transaction.abort.timed.out.transaction.cleanup.interval.ms",
	"transaction.max.timeout.ms",
	"transaction.partition.verification.enable",
	"transaction.remove.expired.transaction.cleanup.interval.ms",
	"transaction.state.log.load.buffer.size",
	"transaction.state.log.min.isr",
	"transaction.state.log.num.partitions",
	"transaction.state.log.replication.factor",
	"transaction.state.log.segment.bytes",
	"transaction.two.phase.commit.enable",
	"transactional.id.expiration.ms",
	"unclean.leader.election.enable",
	"unclean.leader.election.interval.ms",
	"unstable.api.versions.enable",
	"unstable.feature.versions.enable",
};

static int setup(void **state)
{
	struct conf *c = calloc(1, sizeof(*c));

	setenv("XDG_DATA_HOME", "/data", 1);
	broker_config_init(c);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	conf_fini(*state);
	free(*state);
	return 0;
}

static void set(struct conf *c, const char *text)
{
	struct err e = {0};

	if (conf_read_text(c, slice_str(str_of(text)), "f", &e) < 0)
		fail_msg("%s", e.msg);
}

static void settle(struct conf *c)
{
	struct err e = {0};

	if (broker_config_settle(c, &e) < 0)
		fail_msg("%s", e.msg);
}

static bool noted(const struct conf *c, const char *words)
{
	vec_foreach (note, &c->notes)
		if (strstr(*note, words))
			return true;
	return false;
}

static void test_all_of_kafka_are_known(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kafka); i++) {
		assert_non_null(conf_find(*state, str_of(kafka[i])));
		assert_ptr_equal(
			conf_find(*state, str_of(kafka[i])), broker_config_find(str_of(kafka[i])));
	}
}

static void test_table(void **state)
{
	size_t n;
	const struct conf_def *defs = broker_config_defs(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool acts = !(defs[i].flags & (CONF_INERT | CONF_OLD));
		bool shown = acts && !(defs[i].flags & CONF_HIDDEN);

		assert_ptr_equal(broker_config_find(str_of(defs[i].name)), &defs[i]);
		assert_true(!shown || defs[i].doc);
		assert_true(!(defs[i].flags & CONF_DIFFERS) || defs[i].reason);
		if (acts && defs[i].def)
			assert_int_equal(conf_check(&defs[i], str_of(defs[i].def), NULL), 0);
	}
}

/* What a topic falls back to exists, and has the same default. */
static void test_synonyms(void **state)
{
	struct conf *c = *state;

	for (size_t i = 0; i < topic_config_count(); i++) {
		const struct topic_config *t = topic_config_at(i);
		const struct topic_config_synonym *s = t->synonyms;
		int64_t v = 0, want;

		for (int k = 0; k < TOPIC_CONFIG_SYNONYMS && s[k].broker_key; k++) {
			const struct conf_def *def = conf_find(c, str_of(s[k].broker_key));

			assert_non_null(def);
			if (k == 0)
				assert_true(def->flags & (CONF_LIVE | CONF_INERT));
			if (def->def && conf_parse_long(str_of(def->def), &v) &&
				conf_parse_long(str_of(t->def.def), &want))
				assert_int_equal(v * s[k].factor, want);
			else if (def->def)
				assert_string_equal(def->def, t->def.def);
		}
	}
}

static void test_nothing_set(void **state)
{
	struct conf *c = *state;

	settle(c);
	assert_int_equal(conf_get_int(c, "node.id"), 0);
	assert_string_equal(conf_get_z(c, "log.dirs"), "/data/kdeck/broker-0");
	assert_string_equal(conf_get_z(c, "listeners"), "PLAINTEXT://127.0.0.1:9092");
	assert_int_equal(conf_get_int(c, "offsets.topic.replication.factor"), 1);
	assert_int_equal(conf_get_int(c, "transaction.state.log.min.isr"), 1);
	assert_int_equal(conf_get_int(c, "group.initial.rebalance.delay.ms"), 0);
	assert_int_equal(conf_get_long(c, "kdeck.request.memory.bytes"), 33554432);
	assert_int_equal(c->notes.n, 0);
}

static void test_voters(void **state)
{
	struct conf *c = *state;

	set(c, "controller.quorum.voters=0@a:1,1@b:2,2@[::1]:3\n");
	settle(c);
	assert_int_equal(broker_config_voters(c), 3);
	assert_int_equal(conf_get_int(c, "offsets.topic.replication.factor"), 3);
	assert_int_equal(conf_get_int(c, "transaction.state.log.replication.factor"), 3);
	assert_int_equal(conf_get_int(c, "transaction.state.log.min.isr"), 2);
}

static void test_settings_beat_what_follows(void **state)
{
	struct conf *c = *state;

	set(c, "controller.quorum.voters=0@a:1,1@b:2,2@c:3\n"
	       "transaction.state.log.replication.factor=1\nlog.dir=/elsewhere\nnode.id=7\n");
	settle(c);
	assert_int_equal(conf_get_int(c, "transaction.state.log.replication.factor"), 1);
	assert_int_equal(conf_get_int(c, "transaction.state.log.min.isr"), 1);
	assert_string_equal(conf_get_z(c, "log.dirs"), "/elsewhere");
}

/* The quick start of Kafka 3 with several brokers. */
static void test_old_file(void **state)
{
	struct conf *c = *state;

	set(c, "broker.id=1\nport=9093\nhost.name=127.0.0.2\nadvertised.host.name=example.org\n"
	       "log.dirs=/tmp/kafka-logs-1\nnum.network.threads=3\nnum.io.threads=8\n"
	       "zookeeper.connect=localhost:2181\nzookeeper.connection.timeout.ms=18000\n"
	       "log.retention.hours=168\ninter.broker.protocol.version=3.0\n");
	settle(c);
	assert_int_equal(conf_get_int(c, "node.id"), 1);
	assert_string_equal(conf_get_z(c, "listeners"), "PLAINTEXT://127.0.0.2:9093");
	assert_string_equal(conf_get_z(c, "advertised.listeners"), "PLAINTEXT://example.org:9093");
	assert_string_equal(conf_get_z(c, "zookeeper.connect"), "localhost:2181");
	assert_string_equal(conf_get_z(c, "controller.quorum.bootstrap.servers"), "localhost:2181");
	assert_true(noted(c, "f:8: zookeeper.connect: "));
	assert_true(noted(c,
		"ignored: num.network.threads, num.io.threads, zookeeper.connection.timeout.ms, "
		"inter.broker.protocol.version"));
}

/* Whom a broker of the old days asked is whom it asks now. */
static void test_zookeeper_connect(void **state)
{
	struct conf *c = *state;

	set(c, "broker.id=2\nzookeeper.connect=zk1:2181, zk2 ,[::1]:2183/kafka/a\n");
	settle(c);
	assert_string_equal(conf_get_z(c, "controller.quorum.bootstrap.servers"),
		"zk1:2181,zk2:2181,[::1]:2183");
	assert_string_equal(conf_get_z(c, "process.roles"), "broker");
	assert_true(noted(c, "f:2: zookeeper.connect: there is no ZooKeeper any more"));
	assert_true(noted(c, "the path /kafka/a means nothing"));
}

static void test_zookeeper_not_used(void **state)
{
	static const char *const texts[] = {"controller.quorum.voters=0@a:1\n",
		"controller.quorum.bootstrap.servers=a:1\n", "process.roles=broker,controller\n"};
	char text[200];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf *c = *state;
		snprintf(text, sizeof(text), "zookeeper.connect=localhost:2181\n%s", texts[i]);
		set(c, text);
		settle(c);
		assert_true(noted(c, "it is not used, because"));
		assert_null(strstr(conf_get_z(c, "controller.quorum.bootstrap.servers"), "2181"));
		conf_fini(c);
		broker_config_init(c);
	}
}

static void test_zookeeper_connect_wrong(void **state)
{
	static const char *const texts[] = {
		"zookeeper.connect=host:port\n", "zookeeper.connect=host:99999\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf *c = *state;
		struct err e = {0};
		set(c, texts[i]);
		assert_int_equal(broker_config_settle(c, &e), ERR_INVALID);
		conf_fini(c);
		broker_config_init(c);
	}
}

/* zookeeper.properties, as Kafka had it. */
static void test_zookeeper_server(void **state)
{
	struct conf *c = *state;

	set(c, "dataDir=/tmp/zookeeper\nclientPort=2181\nmaxClientCnxns=0\n"
	       "admin.enableServer=false\ntickTime=2000\nserver.1=localhost:2888:3888\n");
	settle(c);
	assert_int_equal(conf_get_int(c, "node.id"), BROKER_ZOOKEEPER_ID);
	assert_string_equal(conf_get_z(c, "process.roles"), "controller");
	assert_string_equal(conf_get_z(c, "listeners"), "CONTROLLER://127.0.0.1:2181");
	assert_string_equal(conf_get_z(c, "controller.quorum.voters"), "3000@127.0.0.1:2181");
	assert_string_equal(conf_get_z(c, "log.dirs"), "/tmp/zookeeper");
	assert_true(noted(c, "ZooKeeper's part is played by a controller now"));
}

static void test_zookeeper_server_set(void **state)
{
	struct conf *c = *state;

	set(c, "clientPort=2181\nclientPortAddress=10.0.0.1\nnode.id=7\nlog.dirs=/a\ndataDir=/b\n");
	settle(c);
	assert_string_equal(conf_get_z(c, "listeners"), "CONTROLLER://10.0.0.1:2181");
	assert_string_equal(conf_get_z(c, "controller.quorum.voters"), "7@10.0.0.1:2181");
	assert_string_equal(conf_get_z(c, "log.dirs"), "/a");
}

static void test_zookeeper_ensemble(void **state)
{
	struct conf *c = *state;
	struct err e = {0};

	set(c, "clientPort=2181\nserver.1=a:2888:3888\nserver.2=b:2888:3888\n");
	assert_int_equal(broker_config_settle(c, &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "server.1, server.2"));
}

static void test_new_name_beats_old(void **state)
{
	struct conf *c = *state;

	set(c, "port=1\nlisteners=PLAINTEXT://:2\nbroker.id=4\nnode.id=4\n");
	settle(c);
	assert_string_equal(conf_get_z(c, "listeners"), "PLAINTEXT://:2");
	assert_true(noted(c, "port is not used, because listeners is set"));
}

static void test_contradictions(void **state)
{
	static const char *const texts[] = {
		"broker.id=1\nnode.id=2\n",
		"group.min.session.timeout.ms=10\ngroup.max.session.timeout.ms=9\n",
		"broker.heartbeat.interval.ms=5000\nbroker.session.timeout.ms=4000\n",
		"transaction.state.log.min.isr=2\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf c;
		struct err e = {0};

		broker_config_init(&c);
		set(&c, texts[i]);
		assert_int_equal(broker_config_settle(&c, &e), ERR_INVALID);
		assert_true(e.msg[0] != 0);
		conf_fini(&c);
	}
}

static void test_bad_values(void **state)
{
	static const char *const bad[] = {"controller.quorum.voters=1@a", "node.id=-1",
		"controller.quorum.voters=x@a:1", "controller.quorum.voters=1@a:99999",
		"controller.quorum.voters=0@a:1,1@b:1,2@c:1,3@d:1",
		"controller.quorum.bootstrap.servers=a", "kdeck.http.listener=a:b",
		"process.roles=broker,zookeeper", "log.retention.hours=0", "log.retention.ms=0",
		"log.segment.bytes=1024", "kdeck.log.level=loud", "compression.gzip.level=0",
		"compression.type=none", "kdeck.request.memory.bytes=10"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(conf_override(*state, bad[i], NULL), ERR_INVALID);
	assert_int_equal(conf_override(*state, "kdeck.fault.enable=true", NULL), ERR_NOT_FOUND);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_of_kafka_are_known),
		TEST(test_table),
		TEST(test_synonyms),
		TEST(test_nothing_set),
		TEST(test_voters),
		TEST(test_settings_beat_what_follows),
		TEST(test_old_file),
		TEST(test_zookeeper_connect),
		TEST(test_zookeeper_not_used),
		TEST(test_zookeeper_connect_wrong),
		TEST(test_zookeeper_server),
		TEST(test_zookeeper_server_set),
		TEST(test_zookeeper_ensemble),
		TEST(test_new_name_beats_old),
		TEST(test_contradictions),
		TEST(test_bad_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
