/* JoinGroup: v0-9. v1 rebalance time-out, v4 member id required, v5 instance id, v6 flexible, v9
 * skip. */
#include "api/group_call.h"

GROUP_CALL(join_group, group_join)
