/* Private to the polling of groups: groups.c and what it asks. */
#ifndef SOURCE_GROUP_POLL_H
#define SOURCE_GROUP_POLL_H

#include "admin/groups.h"
#include "source/impl.h"

/* More groups than this are not asked for in every round. */
#define GROUPS_EACH_SECOND 2000
/* What is forbidden is asked for again then, in case it was allowed meanwhile. */
#define GROUP_DENIED_MS 60000

/* Each is a known group's own. */
struct group_names {
	struct str *v;
	size_t n, cap;
};

/* turn_end, and the next one is due with those of all coordinators. */
void group_turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms);
/* turn_begin, of one about n groups. */
void group_question_begin(struct group_question *q, size_t n);
/* Nobody answered: the next one is due after a pause, each longer than the one before. */
void group_pause(struct cluster_source *s, struct turn *t, int64_t *pause_ms);
/* Until when an answer under way is waited for; 0: it is not. */
int64_t group_wait_until(const struct cluster_source *s, const struct turn *t);

/* We may not know. */
bool group_denied(int16_t kerr);
/* enum err_code for the model. */
int group_code(int16_t kerr);

/* NULL: no such group has been listed, or it has gone. */
struct known_group *group_known(const struct cluster_source *s, struct str name);

void group_ask_list(struct broker_poll *b);
/* Where there may be members; that a group is Empty its list has told. */
void group_ask_describe(struct broker_poll *b, const struct group_names *picked);
void group_ask_commits(struct broker_poll *b, const struct group_names *picked);

#endif
