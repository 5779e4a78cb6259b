/* LeaveGroup: v0-5. v3 several members, v4 flexible, v5 reason. */
#include "api/group_call.h"

GROUP_CALL(leave_group, group_leave)
