/* OffsetCommit: v2-9. v5 no retention time, v6 leader epoch, v7 instance id, v8 flexible. */
#include "api/group_call.h"

GROUP_CALL(offset_commit, group_offset_commit)
