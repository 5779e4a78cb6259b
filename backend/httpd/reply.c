/* Answers and names: what needs no library. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "httpd/face.h"
#include "io/listener.h"

void face_fail(struct face_reply *out, int status, const char *fmt, ...)
{
	struct buf words = BUF_EMPTY;
	struct json j;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	out->status = status;
	out->type = FACE_JSON;
	buf_clear(&out->body);
	json_init(&j, &out->body);
	json_object(&j);
	json_kint(&j, "error", status);
	json_kz(&j, "message", buf_z(&words));
	json_object_end(&j);
	buf_putc(&out->body, '\n');
	buf_fini(&words);
}

/* The host of "host", "host:port", "[v6]", "[v6]:port" into out; false when it is none of them. */
static bool split_host(const char *text, char *out, size_t room)
{
	const char *end;
	size_t n;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		n = (size_t)(end - text);
		end++;
	} else {
		n = strcspn(text, ":");
		end = text + n;
	}
	if (n == 0 || n >= room || (*end && strspn(end + 1, "0123456789") != strlen(end + 1)))
		return false;
	memcpy(out, text, n);
	out[n] = 0;
	return true;
}

static bool is_address(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1;
}

static bool is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(host, "localhost") == 0;
}

bool face_host_is_ours(const char *host, const char *own)
{
	char name[256];

	if (!split_host(host, name, sizeof(name)))
		return false;
	if (!own[0])
		own = "127.0.0.1";
	if (strcasecmp(name, own) == 0)
		return true;
	if (listener_everywhere(own))
		return is_address(name) || is_loopback(name);
	return is_loopback(name) && is_loopback(own);
}
