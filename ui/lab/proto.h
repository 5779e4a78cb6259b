/*
 * What the console and a lab member say to each other, a line each.
 *
 * To the member, by its standard input: its settings, `go`, and later what changes.
 *     kind consumer | name lab-1 | bootstrap HOST:PORT,… | property NAME=VALUE | topic orders
 *     rate keys hot size | group process commit assignor session from stop-after      a number or
 *     go | pause | resume | stop                                                      a word each
 * From the member, by its standard output:
 *     ready                          the client is made
 *     own TOPIC PARTITION OFFSET     was given it; OFFSET is what is committed, -1 nothing, -2 not
 * known begin TOPIC PARTITION OFFSET   its first record, where nothing was committed shared N the
 * rebalance is over; it holds N partitions drop TOPIC PARTITION           it holds it no longer at
 * TOPIC PARTITION OFFSET      processed all before committing, committed TOPIC PARTITION OFFSET
 *     done N | failed N              records so far
 *     out 0|1                        has the group gone on without it
 *     trouble TEXT                   empty: over
 *     fatal TEXT                     why it ends
 *
 * In a value or text \n, \r and \\ are escaped. Whoever gets a line that is none of these, or one
 * that is too long, ends the conversation.
 */
#ifndef LAB_PROTO_H
#define LAB_PROTO_H

#include "base/buf.h"
#include "base/err.h"
#include "model/lab.h"

/* A client property may be a whole certificate. */
#define PROTO_TO_MEMBER_MAX   (256 * 1024)
#define PROTO_FROM_MEMBER_MAX 2048
#define PROTO_TEXT_MAX        299

enum proto_word {
	PROTO_READY,
	PROTO_OWN,
	PROTO_BEGIN,
	PROTO_SHARED,
	PROTO_DROP,
	PROTO_AT,
	PROTO_COMMITTING,
	PROTO_COMMITTED,
	PROTO_DONE,
	PROTO_FAILED,
	PROTO_OUT,
	PROTO_TROUBLE,
	PROTO_FATAL,
	PROTO_WORD_COUNT,
};

/* A line of a member; what its word does not have is zero. */
struct proto_line {
	enum proto_word word;
	char topic[LAB_TOPIC_MAX + 1];
	int32_t partition;
	int64_t number;
	char text[PROTO_TEXT_MAX + 1]; /* whole characters of what was too long */
};

/* ERR_INVALID: it is no line of ours. */
int proto_parse(struct proto_line *out, struct str line) MUSTCHECK;
/* With its new line. */
void proto_put(struct buf *out, const struct proto_line *l);

/* `word value` for a member; value is escaped. */
void proto_put_setting(struct buf *out, const char *word, struct str value);
/* All of a spec. */
void proto_put_spec(struct buf *out, const struct lab_spec *s);
/* Only what may change while it runs. */
void proto_put_edit(struct buf *out, const struct lab_spec *s);

/* Splits in place: word and the unescaped value ("" when there is none) are NUL-ended inside
 * line[0..n], n being writable too. ERR_INVALID: a NUL or a broken escape is in it. */
int proto_split(char *line, size_t n, char **word, char **value) MUSTCHECK;
/* Takes a setting of a spec; ERR_NOT_FOUND: the word is none of those, ERR_INVALID: its value. */
int proto_take(struct lab_spec *s, const char *word, const char *value) MUSTCHECK;

#endif
