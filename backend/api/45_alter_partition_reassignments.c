/* AlterPartitionReassignments: v0-1 (KIP-455). v1 may forbid another replication factor. */
#include "api/submit.h"

SUBMIT(alter_partition_reassignments, control_alter_reassignments)
