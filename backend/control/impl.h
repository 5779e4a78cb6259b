/* What the files of control share. */
#ifndef CONTROL_IMPL_H
#define CONTROL_IMPL_H

#include "control/control.h"
#include "wire/kerr.h"

/* A record of that kind at its defaults in the arena, added to the result:
 * struct topic_record *t = CONTROL_RECORD(env, out, topic_record, version); NULL: arena full. */
#define CONTROL_RECORD(env, out, t, version) \
	((struct t *)control_record((env), (out), &t##_desc, (version)))
void *control_record(const struct control_env *env, struct control_result *out,
	const struct msg_desc *d, int16_t version);

#endif
