/* ListGroups: v0-5. v3 flexible, v4 states, v5 types. */
#include "api/group_call.h"

GROUP_CALL(list_groups, group_list)
