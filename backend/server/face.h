/*
 * What the HTTP face answers about a server: /health, /metrics, /events, /faults. Knows requests
 * and replies, no sockets: those are backend/httpd's, and who makes the face hands its requests
 * here.
 */
#ifndef SERVER_FACE_H
#define SERVER_FACE_H

#include "httpd/face.h"

struct server;

/* s NULL: it is not made yet. */
void server_face(struct server *s, const struct face_request *r, struct face_reply *out);

#endif
