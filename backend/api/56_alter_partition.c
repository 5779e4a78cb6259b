/* AlterPartition: v2-3, from leaders. v3 broker epochs of the ISR (KIP-903). */
#include "api/submit.h"

SUBMIT(alter_partition, control_alter_partition)
