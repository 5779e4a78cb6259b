/* What this broker asks of the active controller for others; functions of struct broker. */
#ifndef SERVER_FORWARD_H
#define SERVER_FORWARD_H

#include "api/submit.h"

/* As broker->forward, broker->ids_wanted, broker->topic_wanted. */
void server_forward(struct broker *b, struct submit *s);
void server_ids_wanted(struct broker *b);
void server_topic_wanted(struct broker *b, struct str name);

#endif
