/* dlopen and a symbol for each function of the table. */
#include "http/curl_load.h"

#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"

int curl_load(struct curl_api *api, struct err *e)
{
	static const char *const names[] = {
#define X(name) "curl_" #name,
		CURL_FUNCTIONS(X)
#undef X
	};
	void **at = (void **)(void *)api;
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	_Static_assert(sizeof(*api) == sizeof(names) / sizeof(names[0]) * sizeof(void *),
		"a struct of pointers only");
	if (!library)
		return err_set(e, ERR_UNSUPPORTED, "HTTP needs %s: %s", LIBRARY, dlerror());
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		at[i] = dlsym(library, names[i]);
		if (!at[i])
			return err_set(e, ERR_UNSUPPORTED, "%s has no %s", LIBRARY, names[i]);
	}
	return 0;
}
