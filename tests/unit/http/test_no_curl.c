/* A machine without libcurl: whoever asks is told, later and once, and nothing else is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/http.h"
#include "io/loop.h"

enum { PATIENCE_MS = 20000 };

void *__wrap_dlopen(const char *name, int flags);
char *__wrap_dlerror(void);

void *__wrap_dlopen(const char *name, int flags)
{
	(void)flags;
	assert_string_equal(name, "libcurl.so.4");
	return NULL;
}

char *__wrap_dlerror(void)
{
	static char words[] = "no such file";

	return words;
}

struct answer {
	int n, code;
	bool there;
	struct http *again; /* asks once more */
};

static const struct http_request get = {.method = "GET", .url = "http://127.0.0.1:1/"};

static void on_answer(void *arg, const struct err *e, int status, struct slice body)
{
	struct answer *a = arg;

	assert_non_null(e);
	assert_non_null(strstr(e->msg, "libcurl.so.4: no such file"));
	assert_int_equal(status, 0);
	assert_null(body.p);
	a->n++;
	a->code = e->code;
	if (a->again && a->n == 1)
		http_send(a->again, &get, on_answer, a);
	else
		a->there = true;
}

static void everybody_is_told(void **state)
{
	struct loop *l = loop_new(NULL);
	struct http *h = http_new(l);
	struct answer one = {.again = h}, two = {0}, three = {0};
	int64_t id;

	(void)state;
	http_send(h, &get, on_answer, &one);
	id = http_send(h, &get, on_answer, &two);
	http_send(h, &get, on_answer, &three);
	http_cancel(h, id);
	assert_int_equal(one.n + three.n, 0);
	assert_true(loop_run_until(l, &one.there, PATIENCE_MS));
	assert_int_equal(one.n, 2);
	assert_int_equal(one.code, ERR_UNSUPPORTED);
	assert_int_equal(three.n, 1);
	assert_int_equal(two.n, 0);
	assert_int_equal(http_pending(h), 0);
	http_send(h, &get, on_answer, &two);
	http_free(h);
	loop_run_once(l, false);
	assert_int_equal(two.n, 0);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_is_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
