/* The table of handlers.def as data. */
#include "api/api.h"

#define SERVE(KEY, name, first, last, advertised)               \
	static void serve_##name(struct call *c, const void *r) \
	{                                                       \
		api_##name(c, r);                               \
	}
#include "api/handlers.def"

static const struct api_handler handlers[] = {
#define SERVE(KEY, name, first, last, advertised) \
	{API_##KEY, first, last, advertised, serve_##name},
#include "api/handlers.def"
};

size_t api_handlers(const struct api_handler **out)
{
	*out = handlers;
	return ARRAY_LEN(handlers);
}

struct api_stats *api_stats(const struct broker *b, const struct api_handler *h)
{
	return &b->stats[h - handlers];
}

/* Produce and Fetch stand first. */
const struct api_handler *api_handler(int16_t key)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++)
		if (handlers[i].key == key)
			return &handlers[i];
	return NULL;
}

bool api_served_by(const struct broker *b, int16_t key, int tag)
{
	const struct api *api = api_find(key);

	return api->listeners & (tag == b->controller_tag ? API_CONTROLLER : API_BROKER);
}

const int64_t api_time_steps[API_TIME_STEPS] = {
	250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000};

void api_turn(struct broker *b)
{
	(void)delay_run(&b->delay, broker_now_ms(b));
}
