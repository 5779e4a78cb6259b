/*
 * The file quorum-state: what a voter must not forget (KIP-595, QuorumStateData version 1, one line
 * of JSON as Kafka writes it). Version 0 is read too. Text in, text out: the file is the owner's.
 */
#ifndef QUORUM_STATE_H
#define QUORUM_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

struct quorum_state {
	int32_t leader_id; /* -1: none known in this epoch */
	int32_t leader_epoch;
	int32_t voted_id; /* -1: no vote in this epoch */
	struct uuid voted_dir;
};

#define QUORUM_STATE_NONE ((struct quorum_state){.leader_id = -1, .voted_id = -1})

/* Appends the text of the file. */
void quorum_state_encode(const struct quorum_state *s, struct buf *out);
/* 0, or ERR_INVALID / ERR_VERSION with a message. Unknown members are skipped. */
int quorum_state_parse(struct str text, struct quorum_state *out, struct err *e) MUSTCHECK;

#endif
