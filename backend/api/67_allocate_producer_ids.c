/* AllocateProducerIds: v0. A block of producer ids for a broker. */
#include "api/submit.h"

SUBMIT(allocate_producer_ids, control_allocate_producer_ids)
