/* OffsetFetch: v1-9. v2 all topics, v5 leader epoch, v6 flexible, v7 stable only, v8 several
 * groups, v9 member. */
#include "api/group_call.h"

GROUP_CALL(offset_fetch, group_offset_fetch)
