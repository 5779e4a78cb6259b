/* AlterConfigs: v0-2. Replaces all overrides of a resource; clients since 2.3 use the incremental
 * form. */
#include "api/submit.h"

SUBMIT(alter_configs, control_alter_configs)
