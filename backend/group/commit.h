/* A commit on its way into the log. */
#ifndef GROUP_COMMIT_H
#define GROUP_COMMIT_H

#include "group/impl.h"

struct commit_row {
	struct str topic; /* in the commit's arena */
	int32_t partition;
	struct offset_commit_value value;
	int16_t *error; /* in the response */
	bool forgotten; /* a record behind this one forgets the offset */
};

struct commit {
	struct group_write write;
	struct list_node node; /* group->commits */
	struct group *group;   /* referenced */
	struct group_reply reply;
	struct arena arena;
	struct offset_commit_response out;
	struct commit_row *rows; /* what was appended */
	size_t n_rows;
};

/* Does the commit hold an offset of this partition? */
bool commit_touches(const struct commit *x, struct str topic, int32_t partition);

#endif
