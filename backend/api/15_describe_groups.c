/* DescribeGroups: v0-6. v4 instance id, v5 flexible, v6 an error for groups that are not there. */
#include "api/group_call.h"

GROUP_CALL(describe_groups, group_describe)
