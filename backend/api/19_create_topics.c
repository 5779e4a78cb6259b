/* CreateTopics: v2-7. v5 answers with partitions, replication factor and configs, v7 with the id.
 */
#include "api/submit.h"

SUBMIT(create_topics, control_create_topics)
