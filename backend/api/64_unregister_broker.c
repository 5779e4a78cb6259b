/* UnregisterBroker: v0. Forgets a broker that is gone for good. */
#include "api/submit.h"

SUBMIT(unregister_broker, control_unregister_broker)
