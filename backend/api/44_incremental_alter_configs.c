/* IncrementalAlterConfigs: v0-1 (KIP-339). Set, delete, append, subtract. */
#include "api/submit.h"

SUBMIT(incremental_alter_configs, control_incremental_alter_configs)
