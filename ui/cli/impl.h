/* What the files of ui/cli share beside cli.h: pure functions that tests call, and the common
 * options. Inside ui/cli (and its tests) only. */
#ifndef CLI_IMPL_H
#define CLI_IMPL_H

#include "admin/admin.h"
#include "base/json_read.h"
#include "cli/cli.h"
#include "traffic/consumer.h"
#include <regex.h>

extern const struct cli_option cli_common[];
/* The options that a command has besides its own. */
const struct cli_option *cli_shared(const struct cli_command *cmd);
/* Reads the file of --command-config, if one was named. CLI_NO (printed) or CLI_OK. */
int cli_read_config(struct cli *c) MUSTCHECK;
/* The settings of a producer or consumer: those of the file, then those of the option. What nobody
 * knows is told and left out, as Java does. CLI_USAGE, CLI_NO (printed) or CLI_OK. */
int cli_take_properties(struct cli *c, const char *option, property_list *out) MUSTCHECK;
/* Appends "kdeck topics", as the user types it. */
void cli_put_called(const struct cli_command *cmd, struct buf *out);
/* All of a file ("-": standard input), at most 16 MiB. CLI_NO (printed) or CLI_OK. */
int cli_read_file(struct cli *c, const char *path, struct buf *out) MUSTCHECK;
/* All that a command prints as JSON: one list on one line. */
struct json;
void json_list(struct json *j, struct buf *out);
void json_list_end(struct json *j);
/* Ends what cli_open began. */
void cli_close(struct cli *c);

/* ---- names by pattern (names.c) ----------------------------------------------------------- */

/* Java's way to name topics: a regular expression for the whole name, commas standing for "or". */
struct name_pattern {
	regex_t regex;
	bool all; /* none was given */
};
/* z may be NULL: everything. ERR_INVALID with the reason. */
int name_pattern_init(struct name_pattern *p, const char *z, struct err *e) MUSTCHECK;
void name_pattern_fini(struct name_pattern *p);
bool name_pattern_match(const struct name_pattern *p, struct str name);

/* ---- configs (config_spec.c) -------------------------------------------------------------- */

struct config_pair {
	struct str name, value; /* value is null for a name alone */
};
/* "a=1,b=[x,y],c=" into pairs that point into z. ERR_INVALID names the part that cannot be. */
int config_pairs(const char *z, bool names_only, struct config_pair *out, size_t max, size_t *n,
	struct err *e) MUSTCHECK;

/* ---- broker ids (ids.c) ------------------------------------------------------------------- */

struct ids {
	const int32_t *v;
	int32_t n; /* -1: not told */
};
bool ids_equal(const struct ids *a, const struct ids *b);
bool ids_have(const struct ids *ids, int32_t id);
struct ids ids_copy(struct arena *a, const int32_t *v, int32_t n);
/* "1,2,3" */
void put_ids(struct buf *out, const struct ids *ids);
/* A list of them; null: not told. */
void json_ids(struct json *j, const char *key, const struct ids *ids);

/* ---- topics (topics_format.c) ------------------------------------------------------------- */

struct described_partition {
	int32_t index, leader; /* leader -1: none */
	struct ids replicas, isr, elr, last_elr;
	struct ids adding, removing; /* when moving */
	bool moving;
};
struct described_topic {
	struct str name;
	struct uuid id;
	VEC(struct described_partition) partitions;
	struct buf configs; /* "a=1,b=2": what differs from the defaults */
	int64_t min_isr;
};
void put_topic_head(struct buf *out, const struct described_topic *t, int32_t factor);
void put_topic_partition(struct buf *out, struct str topic, const struct described_partition *p);
/* "0:1,1:2" into replicas by partition. ids and ends are the caller's: partition i has ids from
 * ends[i - 1] (0 for the first) to ends[i]. */
struct replica_assignment {
	VEC(int32_t) ids;
	VEC(size_t) ends;
};
int replica_assignment_parse(
	const char *z, struct replica_assignment *out, struct err *e) MUSTCHECK;
void replica_assignment_fini(struct replica_assignment *a);

/* ---- records in text (lines.c, record_format.c, text_property.c)
 * -------------------------------------------- */

/* One property of those below. */
struct text_property {
	const char *name;
	const char **text; /* takes the value as it is; else flag takes true or false */
	bool *flag;
	bool inverted; /* the flag is set for false */
	bool filled;   /* an empty text cannot be */
};
/* property is "name=value" and stays pointed into. ERR_NOT_FOUND: the table has no such name;
 * ERR_INVALID: no "=", or no value that can be. */
int text_property_set(
	const struct text_property *all, size_t n, const char *property, struct err *e) MUSTCHECK;

/* How a line becomes a record: the properties of Kafka's line reader. */
struct line_reader {
	const char *key_separator;         /* "\t" */
	const char *headers_delimiter;     /* "\t", behind the headers */
	const char *headers_separator;     /* ",", between headers */
	const char *headers_key_separator; /* ":" */
	const char *null_marker;           /* NULL: none */
	bool parse_key, parse_headers, ignore_error;
	int64_t line_number;
};
enum { LINE_MAX_HEADERS = 256 };
struct line_record {
	struct slice key, value;
	struct traffic_header headers[LINE_MAX_HEADERS];
	size_t n_headers;
};
void line_reader_init(struct line_reader *r);
/* "key=value" of --property. ERR_NOT_FOUND: it has no such property; ERR_INVALID. */
int line_reader_set(struct line_reader *r, const char *property, struct err *e) MUSTCHECK;
/* out points into line. ERR_INVALID: a separator is missing; e says where. */
int line_reader_take(
	struct line_reader *r, struct str line, struct line_record *out, struct err *e) MUSTCHECK;

/* How a record is printed: the properties of Kafka's message formatter. */
struct record_format {
	bool timestamp, partition, offset, delivery, epoch, headers, key, no_value;
	bool nothing; /* Kafka's NoOpMessageFormatter */
	const char *key_separator, *line_separator, *headers_separator, *null_literal;
};
void record_format_init(struct record_format *f);
int record_format_set(struct record_format *f, const char *property, struct err *e) MUSTCHECK;
void record_format_put(const struct record_format *f, const struct consumer_record *r,
	const struct traffic_header *h, size_t n_headers, struct buf *out);
void record_format_json(const struct consumer_record *r, const struct traffic_header *h,
	size_t n_headers, struct buf *out);

/* ---- many partitions ------------------------------------------------------------------------ */

/* Prints why partitions failed: each reason once while they repeat, at most a screenful. CLI_NO
 * when there is any. */
int cli_tell_failed(struct cli *c, const struct admin_offset *all, size_t n);

/* ---- partitions by description (offsets.c) -------------------------------------------------- */

/* "0,2,5-7,9-" : is `id` among them? NULL holds every one. */
bool partition_set_valid(const char *z);
bool partition_set_has(const char *z, int32_t id);

/* ---- partitions by name (places.c) ------------------------------------------------------------
 */

struct place {
	struct str topic;
	int32_t partition;
};
/* By topic, then by partition. */
int place_order(const struct place *a, const struct place *b);
/* "topic" and "partition" of an entry in a file. False: it has none that can be. */
bool place_read(const struct json_value *v, struct place *out);
/* "orders-0" */
void put_place(struct buf *out, const struct place *p);
/* "topic" and "partition" of an object. */
void json_place(struct json *j, struct str topic, int32_t partition);

#endif
