/*
 * libcurl, loaded when it is first needed: it and what hangs on it cost each start of the program
 * more than all the rest, and most starts ask nothing over HTTP.
 */
#ifndef HTTP_CURL_LOAD_H
#define HTTP_CURL_LOAD_H

#include <curl/curl.h>

#include "base/err.h"

#define CURL_FUNCTIONS(X)      \
	X(easy_cleanup)        \
	X(easy_getinfo)        \
	X(easy_init)           \
	X(easy_setopt)         \
	X(easy_strerror)       \
	X(global_cleanup)      \
	X(global_init)         \
	X(multi_add_handle)    \
	X(multi_assign)        \
	X(multi_cleanup)       \
	X(multi_info_read)     \
	X(multi_init)          \
	X(multi_remove_handle) \
	X(multi_setopt)        \
	X(multi_socket_action) \
	X(slist_append)        \
	X(slist_free_all)

/* curl_easy_init is easy_init here, and so on. */
struct curl_api {
#define X(name) __typeof__(&curl_##name) name;
	CURL_FUNCTIONS(X)
#undef X
};

/* Fills api; it stays loaded for good. ERR_UNSUPPORTED: it is not there, or too old. */
int curl_load(struct curl_api *api, struct err *e) MUSTCHECK;

#endif
