/* DeleteGroups: v0-2. v2 flexible. */
#include "api/group_call.h"

GROUP_CALL(delete_groups, group_delete)
