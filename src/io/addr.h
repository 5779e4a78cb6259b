/* Socket addresses as text. */
#ifndef IO_ADDR_H
#define IO_ADDR_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

struct addr_text {
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];  /* "127.0.0.1", "::1", "fe80::1%eth0" */
	char name[INET6_ADDRSTRLEN + IF_NAMESIZE + 16]; /* "127.0.0.1:4711", "[::1]:4711" */
	uint16_t port;
};

/* An IPv4 address inside an IPv6 one is written as IPv4. Other families: "local", port 0. */
void addr_text(struct addr_text *out, const struct sockaddr *sa, socklen_t n);
/* Of a socket: its own end, or the peer's. */
void addr_text_own(struct addr_text *out, int fd);
void addr_text_peer(struct addr_text *out, int fd);

#endif
