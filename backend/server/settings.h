/* What the files of server_settings_read share. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "conf/conf.h"
#include "server/server.h"

/* As a C string; ERR_INVALID with what when it is too long. */
int settings_copy(char *to, size_t room, struct str s, const char *what, struct err *e) MUSTCHECK;

/* "HOST:PORT": the host copied, 127.0.0.1 where it is empty. */
int settings_address(struct str text, char host[static SERVER_HOST], uint16_t *port,
	const char *what, struct err *e) MUSTCHECK;

/* Roles, voters, bootstrap servers, and the controller's listener where `listeners` has none. */
int settings_quorum(const struct conf *c, struct server_settings *set, struct err *e) MUSTCHECK;

#endif
