/*
 * Appending: items are judged and stamped one after the other, gathered into a group that fits the
 * active segment, and written with one call. Producers are updated while the group is gathered, so
 * that an item sees the ones ahead of it, and put back when the write fails.
 */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>

#include "base/log.h"
#include "wire/kerr.h"

struct group {
	struct plog *log;
	enum plog_origin origin;
	struct plog_append *in[PLOG_ITEMS_AT_ONCE];
	struct iovec iov[PLOG_ITEMS_AT_ONCE];
	int n;
	int64_t bytes;
	int64_t next; /* offset behind the group */
	int64_t first_timestamp;
};

static void refuse(struct plog_append *item, int16_t error)
{
	item->error = error;
	item->base_offset = item->last_offset = item->timestamp = -1;
	item->duplicate = false;
}

static int64_t jitter(const struct plog *log, const struct segment *s)
{
	uint64_t h = ((uint64_t)s->base + (uint64_t)(uint32_t)log->partition + 1) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return log->config.segment_jitter_ms > 0
		       ? (int64_t)((h >> 1) % (uint64_t)log->config.segment_jitter_ms)
		       : 0;
}

static bool old_enough(const struct group *g, const struct segment *s, int64_t timestamp)
{
	const struct plog *log = g->log;
	int64_t first = s->size > 0 ? s->first_timestamp : g->first_timestamp;
	int64_t waited = first >= 0 ? timestamp - first : clock_wall_ms(log->clock) - s->created_ms;

	return waited > log->config.segment_ms - jitter(log, s);
}

/* Kafka's LogSegment.shouldRoll, with the group counted in. */
static bool must_roll(const struct group *g, const struct batch_header *h, int64_t last_offset)
{
	const struct plog *log = g->log;
	const struct segment *s = plog_active(log);
	int64_t size = s->size + g->bytes;

	if (last_offset - s->base > INT32_MAX)
		return true;
	if (size == 0)
		return false;
	return size > log->config.segment_bytes - (int64_t)h->size ||
	       old_enough(g, s, h->max_timestamp) ||
	       index_count(&s->index) >= (uint32_t)log->config.segment_index_bytes / INDEX_ENTRY ||
	       index_count(&s->times) + 1 >=
		       (uint32_t)log->config.segment_index_bytes / TIME_INDEX_ENTRY;
}

static void remember_tail(struct plog *log, const struct segment *s, const struct batch_header *h)
{
	if (!log->tail)
		log->tail = xcalloc(PLOG_TAIL, sizeof(*log->tail));
	log->tail[log->n_tail++ % PLOG_TAIL] = (struct plog_tail){(int32_t)s->size,
		(uint32_t)(h->base_offset - s->base), (uint32_t)(batch_last_offset(h) - s->base)};
}

/* Once, not for every try of every client on a full disk. */
static void say_refused(struct plog *log, const char *what, int why)
{
	if (!log->refusing)
		log_error("%s: %s at %lld: %s; until that works, writes are refused",
			plog_name(log), what, (long long)log->leo, strerror(why));
	log->refusing = true;
}

/* A write came short or failed: nothing of it may stay. */
static void take_back(struct plog *log, struct segment *s, int why)
{
	say_refused(log, "cannot append", why);
	if (segment_fd(s) < 0 || log->io->truncate(log->io, s->file.fd, s->size) < 0 ||
		log->io->fdatasync(log->io, s->file.fd) < 0)
		plog_fail(log, "a failed write cannot be cut off");
	s->reserved = 0;
}

static int write_all(struct plog *log, struct group *g)
{
	struct segment *s = plog_active(log);
	struct iovec *iov = g->iov;
	int n = g->n, fd = segment_fd(s);
	int64_t at = s->size, left = g->bytes;

	if (fd >= 0)
		segment_reserve(s, left);
	while (fd >= 0 && left > 0) {
		ssize_t put = log->io->pwritev(log->io, fd, iov, n, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (put == 0)
				errno = EIO;
			break;
		}
		at += put;
		left -= put;
		for (; n > 0 && (size_t)put >= iov->iov_len; iov++, n--)
			put -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + put;
			iov->iov_len -= (size_t)put;
		}
	}
	if (left == 0)
		return 0;
	take_back(log, s, errno);
	return ERR_IO;
}

static void count_in(struct plog *log, const struct plog_append *item)
{
	struct segment *s = plog_active(log);

	if (log->refusing)
		log_info("%s: takes writes again", plog_name(log));
	log->refusing = false;
	remember_tail(log, s, &item->header);
	segment_note(s, &item->header, (uint32_t)log->config.index_interval_bytes);
	log->leo = s->next;
	log->size += (int64_t)item->header.size;
	log->snapshot_size += (int64_t)item->header.size;
	if (log->unflushed == 0)
		log->unflushed_at_ms = clock_mono_ms(log->clock);
	log->unflushed += item->header.last_offset_delta + 1;
	if (plog_syncs_itself(log))
		plog_watch(log);
}

static void keep_indexes(struct plog *log)
{
	struct segment *s = plog_active(log);

	if (s->index.pending.n < INDEX_PENDING && s->times.pending.n < INDEX_PENDING)
		return;
	/* An index is a help, not the truth: recovery makes it anew. */
	if (segment_flush_index(s, false) < 0)
		log_warn("%s: index not written: %s", plog_name(log), strerror(errno));
}

static int write_group(struct group *g)
{
	struct plog *log = g->log;
	int r = g->n > 0 ? write_all(log, g) : 0;

	if (r < 0) {
		producer_state_rollback(&log->producers);
		log->producers.end = log->leo;
		epoch_cache_truncate_end(&log->epochs, log->leo);
		for (int i = 0; i < g->n; i++)
			refuse(g->in[i], KERR_KAFKA_STORAGE_ERROR);
	} else {
		producer_state_commit(&log->producers);
		for (int i = 0; i < g->n; i++)
			count_in(log, g->in[i]);
		if (g->n > 0)
			keep_indexes(log);
	}
	g->n = 0;
	g->bytes = 0;
	g->next = log->leo;
	producer_state_begin(&log->producers);
	return r;
}

/* In the file before the batch is in the log: recovery reads no batch below the last index entry.
 */
static int note_epoch(struct group *g, const struct plog_append *item)
{
	struct plog *log = g->log;
	bool leads = g->origin == PLOG_LEADER;
	int32_t epoch = leads ? item->leader_epoch : item->header.leader_epoch;
	int64_t base = leads ? g->next : item->header.base_offset;
	int r;

	if (epoch <= epoch_cache_latest(&log->epochs))
		return 0;
	epoch_cache_assign(&log->epochs, epoch, base);
	r = plog_save_epochs(log, false);
	if (r < 0) {
		say_refused(log, "cannot write leader-epoch-checkpoint", errno);
		epoch_cache_truncate_end(&log->epochs, base);
	}
	return r;
}

/* Judges by sequence or order. True: the item goes on to be written. */
static bool admit(struct group *g, struct plog_append *item)
{
	struct producer_answer a;

	item->error = 0;
	item->duplicate = false;
	if (g->origin == PLOG_FOLLOWER) {
		if (item->header.base_offset >= g->next)
			return true;
		refuse(item, KERR_CORRUPT_MESSAGE);
		return false;
	}
	switch (producer_state_check(&g->log->producers, &item->header, &a)) {
	case PRODUCER_OK:
		return true;
	case PRODUCER_DUPLICATE:
		item->duplicate = true;
		item->base_offset = a.base_offset;
		item->last_offset = a.base_offset + item->header.last_offset_delta;
		item->timestamp = batch_is_log_append_time(&item->header) ? a.timestamp : -1;
		return false;
	case PRODUCER_REFUSED:
		log_debug("%s: producer %lld: %s", plog_name(g->log),
			(long long)item->header.producer_id, a.reason);
		refuse(item, a.error);
		return false;
	}
	return false;
}

static void gather(struct group *g, struct plog_append *item)
{
	struct batch_header *h = &item->header;

	if (g->origin == PLOG_LEADER) {
		h->base_offset = g->next;
		h->leader_epoch = item->leader_epoch;
		batch_stamp(item->batch, h->base_offset, h->leader_epoch);
	}
	item->base_offset = h->base_offset;
	item->last_offset = batch_last_offset(h);
	item->timestamp = batch_is_log_append_time(h) ? h->max_timestamp : -1;
	producer_state_apply(&g->log->producers, h, item->coordinator_epoch);
	if (g->n == 0)
		g->first_timestamp = h->max_timestamp;
	g->in[g->n] = item;
	g->iov[g->n++] = (struct iovec){item->batch, h->size};
	g->bytes += (int64_t)h->size;
	g->next = batch_next_offset(h);
}

/* The segment begins where the log ends, also before a gap in a follower's offsets: a gap between
 * segments is what recovery takes for a loss. */
static int make_room(struct group *g, const struct plog_append *item)
{
	int64_t base = g->origin == PLOG_LEADER ? g->next : item->header.base_offset;
	int64_t last = base + item->header.last_offset_delta;
	int r = 0;

	if (must_roll(g, &item->header, last)) {
		r = write_group(g);
		if (r == 0)
			r = plog_roll_at(
				g->log, last - g->log->leo > INT32_MAX ? base : g->log->leo);
		if (r < 0)
			say_refused(g->log, "cannot begin a segment", errno);
	} else if (g->n == PLOG_ITEMS_AT_ONCE) {
		r = write_group(g);
	}
	return r;
}

static size_t count_good(const struct plog *log, struct plog_append *items, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		/* The original was in a write that failed. */
		if (items[i].error == 0 && items[i].duplicate && items[i].base_offset >= log->leo)
			refuse(&items[i], KERR_KAFKA_STORAGE_ERROR);
		good += items[i].error == 0;
	}
	return good;
}

size_t plog_append(struct plog *log, struct plog_append *items, size_t n, enum plog_origin origin)
{
	struct group g;
	int r = log->state == PLOG_OPEN ? 0 : ERR_IO;

	g.log = log;
	g.origin = origin;
	g.n = 0;
	g.bytes = 0;
	g.next = log->leo;
	g.first_timestamp = -1;
	producer_state_begin(&log->producers);
	for (size_t i = 0; i < n; i++) {
		if (r < 0) {
			refuse(&items[i], KERR_KAFKA_STORAGE_ERROR);
			continue;
		}
		if (!admit(&g, &items[i]))
			continue;
		r = make_room(&g, &items[i]);
		if (r == 0)
			r = note_epoch(&g, &items[i]);
		if (r < 0) {
			refuse(&items[i], KERR_KAFKA_STORAGE_ERROR);
			continue;
		}
		gather(&g, &items[i]);
	}
	if (write_group(&g) < 0)
		r = ERR_IO;
	producer_state_commit(&log->producers);
	return count_good(log, items, n);
}
