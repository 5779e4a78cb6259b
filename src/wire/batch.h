/*
 * Record batches, Kafka's unit of storage and transfer (magic 2; KIP-98). All numbers big-endian:
 *
 *     0  int64   base offset               stamped by the leader, outside the CRC
 *     8  int32   length of what follows    bytes after this field
 *    12  int32   partition leader epoch    stamped by the leader, outside the CRC
 *    16  int8    magic                     2
 *    17  uint32  CRC-32C                   of everything from 21 to the end
 *    21  int16   attributes                see enum batch_attr
 *    23  int32   last offset delta         offset of the last record − base offset
 *    27  int64   base timestamp            record timestamps are relative to it
 *    35  int64   max timestamp
 *    43  int64   producer id               −1 when not idempotent
 *    51  int16   producer epoch
 *    53  int32   base sequence
 *    57  int32   record count
 *    61  …       records, compressed as one block if attributes say so
 *
 * A record, with every number a zig-zag varint (the timestamp delta of 64 bits):
 *
 *    length of what follows, int8 attributes (unused), timestamp delta, offset delta,
 *    key length (−1: null), key, value length (−1: null), value,
 *    header count, { key length, key, value length (−1: null), value } …
 *
 * Compaction removes records and keeps the offset range: the count may be less than the range, even
 * 0, but never more. Reading and checking is here and in batch_read.c, writing in batch_write.c,
 * the rules of Produce in batch_validate.c. Nothing here allocates per record.
 */
#ifndef WIRE_BATCH_H
#define WIRE_BATCH_H

#include "base/buf.h"
#include "base/bytes.h"
#include "wire/compress.h"

#define BATCH_PREFIX     12 /* base offset and length: enough to know the size */
#define BATCH_HEADER     61
#define BATCH_MAGIC_AT   16
#define BATCH_CRC_FROM   21
#define BATCH_MAGIC      2
#define RECORD_MIN       7 /* bytes of the smallest record */
#define NO_TIMESTAMP     (-1)
#define NO_PRODUCER_ID   (-1)
#define NO_SEQUENCE      (-1)
#define BATCH_LENGTH_MIN 14 /* no message of any magic is shorter */

enum batch_attr {
	BATCH_CODEC = 0x07, /* mask: enum compress */
	BATCH_LOG_APPEND_TIME = 0x08,
	BATCH_TRANSACTIONAL = 0x10,
	BATCH_CONTROL = 0x20,
	BATCH_DELETE_HORIZON = 0x40, /* base timestamp is the delete horizon (KIP-534) */
};

/* The head of a batch in host order. */
struct batch_header {
	int64_t base_offset;
	int32_t leader_epoch;
	uint32_t crc;
	int16_t attributes;
	int32_t last_offset_delta;
	int64_t base_timestamp;
	int64_t max_timestamp;
	int64_t producer_id;
	int16_t producer_epoch;
	int32_t base_sequence;
	int32_t n_records;
	size_t size; /* whole batch in bytes, prefix included */
};

static inline enum compress batch_codec(const struct batch_header *h)
{
	return (enum compress)(h->attributes & BATCH_CODEC);
}

static inline bool batch_is_control(const struct batch_header *h)
{
	return h->attributes & BATCH_CONTROL;
}

static inline bool batch_is_transactional(const struct batch_header *h)
{
	return h->attributes & BATCH_TRANSACTIONAL;
}

static inline bool batch_is_log_append_time(const struct batch_header *h)
{
	return h->attributes & BATCH_LOG_APPEND_TIME;
}

static inline int64_t batch_last_offset(const struct batch_header *h)
{
	return h->base_offset + h->last_offset_delta;
}

static inline int64_t batch_next_offset(const struct batch_header *h)
{
	return batch_last_offset(h) + 1;
}

/* Sequences wrap from 2147483647 to 0. */
int32_t batch_sequence_add(int32_t sequence, int32_t n);
/* NO_SEQUENCE when the batch has none. */
int32_t batch_last_sequence(const struct batch_header *h);

/* ---- reading ---------------------------------------------------------------------------- */

/* The whole size of the batch or old message that begins at in. ERR_SHORT: fewer than BATCH_PREFIX
 * bytes; ERR_CORRUPT: the length cannot be. The size may exceed in.n. */
int64_t batch_peek(struct slice in) MUSTCHECK;

/* The magic at its fixed place: 0 and 1 (message sets), 2, or another number that nobody knows.
 * ERR_SHORT: fewer than 17 bytes. */
int batch_magic(struct slice in) MUSTCHECK;

/* The head alone; the rest of the batch need not be there and the CRC is not looked at. in has at
 * least BATCH_HEADER bytes, else ERR_SHORT; ERR_VERSION: another magic; ERR_CORRUPT: lengths,
 * counts or offsets that cannot be. */
int batch_parse(struct slice in, struct batch_header *out) MUSTCHECK;

/* batch_parse, and the whole batch is there (else ERR_SHORT), and the CRC is right (else
 * ERR_CORRUPT). Bytes behind the batch are ignored: out->size says where it ends. */
int batch_check(struct slice in, struct batch_header *out) MUSTCHECK;

/* Walks over batches that lie one behind the other. */
struct batch_iter {
	struct slice rest; /* not yet walked */
	bool verify;       /* check each CRC */
};

void batch_iter_init(struct batch_iter *it, struct slice in, bool verify);
/* 1: *h and *batch (borrowed) are the next one. 0: the end. ERR_SHORT: the last one is cut, which
 * is how answers to Fetch may end; rest holds the piece. Other errors as batch_check. After an
 * error the iterator stays where it is. */
int batch_next(struct batch_iter *it, struct batch_header *h, struct slice *batch) MUSTCHECK;

struct record {
	int64_t offset;
	int64_t timestamp;
	int32_t offset_delta;
	int8_t attributes;
	struct slice key;   /* p == NULL: null */
	struct slice value; /* p == NULL: null */
	int32_t n_headers;
	struct slice headers; /* raw, already checked; walk it with record_header_next */
};

struct record_header {
	struct str key;
	struct slice value; /* p == NULL: null */
};

struct record_iter {
	const uint8_t *p, *end;
	struct batch_header h;
	int32_t left;       /* records not yet read */
	int32_t last_delta; /* of the record before, −1 at first */
};

/*
 * Begins a walk over the records of a batch that batch_parse or batch_check took. batch holds the
 * whole batch. A compressed one is unpacked into scratch (cleared first), at most cap bytes; the
 * records then point into scratch, else into batch. 0, ERR_SHORT, ERR_TOO_BIG (cap), ERR_CORRUPT,
 * ERR_UNSUPPORTED (no such compression).
 */
int record_iter_init(struct record_iter *it, const struct batch_header *h, struct slice batch,
	struct compress_ctx *ctx, size_t cap, struct buf *scratch) MUSTCHECK;
/* 1: *r is the next record. 0: the end, and all bytes were used. ERR_CORRUPT: the records do not
 * fit the bytes, the count or the offset range; the walk is over. */
int record_next(struct record_iter *it, struct record *r) MUSTCHECK;

/* Walks r->headers: start with rest = r->headers. False at the end. */
bool record_header_next(struct slice *rest, struct record_header *out);

/*
 * Look-ups inside one batch, for Fetch and ListOffsets; arguments as in record_iter_init. 1: found;
 * 0: no such record; negative: as in the walk.
 * record_find_offset: the first record with an offset >= offset.
 * record_find_time: the first record with a timestamp >= timestamp and an offset >= min_offset.
 * record_find_max_time: the first record that has the batch's max timestamp.
 */
int record_find_offset(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, int64_t offset, struct record *out) MUSTCHECK;
int record_find_time(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, int64_t timestamp, int64_t min_offset,
	struct record *out) MUSTCHECK;
int record_find_max_time(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, struct record *out) MUSTCHECK;

/* ---- changing in place ------------------------------------------------------------------ */

/* The leader's stamp; batch has at least BATCH_HEADER bytes. The CRC does not cover it. */
void batch_stamp(uint8_t *batch, int64_t base_offset, int32_t leader_epoch);
/* Sets the attribute and the max timestamp (the time of every record then) and the CRC anew. The
 * whole batch, as long as its length field says, is at batch. */
void batch_set_log_append_time(uint8_t *batch, int64_t timestamp);

/* ---- control records (KIP-98, KIP-595, KIP-630, KIP-853) --------------------------------- */

enum control_type {
	CONTROL_ABORT = 0,
	CONTROL_COMMIT = 1,
	CONTROL_LEADER_CHANGE = 2,
	CONTROL_SNAPSHOT_HEADER = 3,
	CONTROL_SNAPSHOT_FOOTER = 4,
	CONTROL_KRAFT_VERSION = 5,
	CONTROL_KRAFT_VOTERS = 6,
};

/* The key of a control record: its type as a number, which may be one that is not known here.
 * ERR_SHORT, ERR_VERSION (negative version). Newer versions may have more bytes behind. */
int control_key_parse(struct slice key) MUSTCHECK;
/* The value of CONTROL_ABORT and CONTROL_COMMIT. */
int control_end_txn_parse(struct slice value, int32_t *coordinator_epoch) MUSTCHECK;

/* ---- writing ---------------------------------------------------------------------------- */

struct batch_options {
	enum compress codec;
	int level; /* COMPRESS_LEVEL_DEFAULT */
	int64_t base_offset;
	int32_t leader_epoch;
	int64_t producer_id; /* NO_PRODUCER_ID */
	int16_t producer_epoch;
	int32_t base_sequence; /* NO_SEQUENCE */
	bool transactional;
	bool control;
};

/* No compression, base offset 0, leader epoch −1, no producer. */
#define BATCH_OPTIONS_DEFAULT                                                                     \
	((struct batch_options){COMPRESS_NONE, COMPRESS_LEVEL_DEFAULT, 0, -1, NO_PRODUCER_ID, -1, \
		NO_SEQUENCE, false, false})

struct batch_builder {
	struct batch_options opt;
	struct compress_ctx *ctx; /* borrowed, may be NULL */
	struct buf plain;         /* room for the head, then records */
	struct buf packed;        /* the same, compressed */
	int64_t base_timestamp, max_timestamp;
	int32_t n_records;
	int32_t last_delta;
};

/* ctx is borrowed until fini; NULL is fine for batches without compression. */
void batch_builder_init(struct batch_builder *b, struct compress_ctx *ctx);
void batch_builder_fini(struct batch_builder *b);
/* Starts a new batch; memory of the one before is used again, slices of it are void. */
void batch_builder_begin(struct batch_builder *b, const struct batch_options *opt);
/*
 * Adds a record; all is copied. Offsets count up from the base. The first timestamp becomes the
 * batch's base. ERR_TOO_BIG: the batch would pass 2^31 − 1 bytes or records; it stays as it was.
 */
int batch_builder_add(struct batch_builder *b, int64_t timestamp, struct slice key,
	struct slice value, const struct record_header *headers, int32_t n_headers) MUSTCHECK;
/* The same with a chosen offset, for batches with holes: greater than all before. ERR_INVALID. */
int batch_builder_add_at(struct batch_builder *b, int32_t offset_delta, int64_t timestamp,
	struct slice key, struct slice value, const struct record_header *headers,
	int32_t n_headers) MUSTCHECK;
/* Key null, no headers: records of the metadata log. */
int batch_builder_add_value(
	struct batch_builder *b, int64_t timestamp, struct slice value) MUSTCHECK;
/* A control record; the options said control. version is the one of the value's layout. */
int batch_builder_add_control(struct batch_builder *b, int64_t timestamp, enum control_type type,
	int16_t version, struct slice value) MUSTCHECK;
/* Bytes of the batch so far before compression, head included. */
size_t batch_builder_size(const struct batch_builder *b);
/* At most this many bytes would the record add. */
size_t batch_record_bound(struct slice key, struct slice value, const struct record_header *headers,
	int32_t n_headers);
/* Completes the batch. *out is borrowed until the next begin or fini. A batch without records is
 * ERR_INVALID; errors of compress_encode. */
int batch_builder_finish(struct batch_builder *b, struct slice *out) MUSTCHECK;

/* A whole transaction marker (CONTROL_ABORT, CONTROL_COMMIT) at the end of out. */
void batch_put_end_txn(struct buf *out, enum control_type type, int64_t timestamp,
	int64_t producer_id, int16_t producer_epoch, int32_t coordinator_epoch);

/* ---- the rules of Produce ----------------------------------------------------------------- */

struct produce_rules {
	int16_t api_version;
	int32_t max_message_bytes; /* max.message.bytes of the topic */
	int32_t segment_bytes;     /* segment.bytes */
	int64_t now_ms;            /* wall clock */
	int64_t before_max_ms;     /* message.timestamp.before.max.ms; INT64_MAX: any */
	int64_t after_max_ms;      /* message.timestamp.after.max.ms; INT64_MAX: any */
	bool log_append_time;      /* message.timestamp.type */
	bool need_keys;            /* the topic is compacted: a record without a key is refused */
	/* The records are walked (and unpacked) only for need_keys, before_max_ms, or this. */
	bool walk;
	size_t unpack_cap; /* bytes that a compressed batch may grow to in a walk */
	struct compress_ctx *ctx;
	struct buf *scratch; /* for the walk; memory is kept between calls */
};

/* What is wrong, if anything. */
struct produce_verdict {
	int16_t error;              /* Kafka's code (wire/kerr.h), 0: take it */
	char message[200];          /* one line for the client and the log, "" when fine */
	struct batch_header header; /* filled as soon as the head could be read */
	int32_t bad_record; /* index of the first offending record, −1: the batch as such */
	int32_t n_bad;      /* records that offend */
};

/* Judges what a client wants to have appended to one partition, as Kafka 4 does on the leader.
 * records is what the request holds for the partition (null or empty too). Returns v->error. */
int16_t batch_validate_produce(
	struct slice records, const struct produce_rules *rules, struct produce_verdict *v);

#endif
