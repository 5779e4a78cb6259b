/* SyncGroup: v0-5. v3 instance id, v4 flexible, v5 protocol. */
#include "api/group_call.h"

GROUP_CALL(sync_group, group_sync)
