/* What the files of the HTTP face's answers share. */
#ifndef SERVER_FACE_PRIV_H
#define SERVER_FACE_PRIV_H

#include "httpd/face.h"
#include "server/priv.h"

/* One path each: GET /metrics; GET, PUT and DELETE /faults. The reply is its caller's. */
void server_face_metrics(struct server *s, const struct face_request *r, struct face_reply *out);
void server_face_faults(struct server *s, const struct face_request *r, struct face_reply *out);

#endif
