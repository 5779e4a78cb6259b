/* CreatePartitions: v0-3. Partitions can be added, never taken away. */
#include "api/submit.h"

SUBMIT(create_partitions, control_create_partitions)
