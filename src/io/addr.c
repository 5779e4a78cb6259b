/* The text is the kernel's numeric form; nothing is looked up. */
#include "io/addr.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_mapped(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

static uint16_t port_of(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
	return 0;
}

void addr_text(struct addr_text *out, const struct sockaddr *sa, socklen_t n)
{
	char host[sizeof(out->host)];
	const char *z = host;

	*out = (struct addr_text){.host = "local", .name = "local"};
	if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
		return;
	if (getnameinfo(sa, n, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
		return;
	if (is_mapped(sa) && strrchr(host, ':'))
		z = strrchr(host, ':') + 1;
	out->port = port_of(sa);
	snprintf(out->host, sizeof(out->host), "%s", z);
	snprintf(out->name, sizeof(out->name), strchr(z, ':') ? "[%s]:%u" : "%s:%u", z, out->port);
}

void addr_text_own(struct addr_text *out, int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t n = sizeof(ss);

	(void)getsockname(fd, (struct sockaddr *)&ss, &n); /* on failure the family is none */
	addr_text(out, (const struct sockaddr *)&ss, n);
}

void addr_text_peer(struct addr_text *out, int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t n = sizeof(ss);

	(void)getpeername(fd, (struct sockaddr *)&ss, &n);
	addr_text(out, (const struct sockaddr *)&ss, n);
}
