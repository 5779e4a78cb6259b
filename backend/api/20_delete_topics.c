/* DeleteTopics: v1-6. v5 error messages, v6 topics by id. */
#include "api/submit.h"

SUBMIT(delete_topics, control_delete_topics)
