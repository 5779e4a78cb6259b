/* What the files of kdeck topics share. Inside ui/cli only. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include "cli/impl.h"

/* As Java's client pages, KIP-966. */
enum { DESCRIBE_PAGE = 2000 };

/* The topics that --topic (a pattern) or --topic-id means, from Metadata; lent by the cache. */
struct selection {
	VEC(const struct admin_topic *) topics;
};
/* A name that fits none is an error (printed) unless --if-exists was given or they are listed. */
int selection_fill(struct cli *c, struct selection *s) MUSTCHECK;
void selection_fini(struct selection *s);

int topics_describe(struct cli *c);

#endif
