/* Heartbeat: v0-4. v3 instance id, v4 flexible. */
#include "api/group_call.h"

GROUP_CALL(heartbeat, group_heartbeat)
