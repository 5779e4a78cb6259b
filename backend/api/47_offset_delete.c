/* OffsetDelete: v0. */
#include "api/group_call.h"

GROUP_CALL(offset_delete, group_offset_delete)
