/* Those of wire/api.def that somebody serves. */
#include "api/api.h"

#define SERVE_C      SERVE_B
#define SERVE_BC     SERVE_B
#define SERVE_NOBODY NOT_SERVED
#define NOT_SERVED(...)

#define SERVE_B(key, message, min, max)                            \
	static void serve_##message(struct call *c, const void *r) \
	{                                                          \
		api_##message(c, r);                               \
	}
#define API(key, NAME, name, message, min, max, flexible, who, what) \
	SERVE_##who(key, message, min, max)
#include "wire/api.def"
#undef SERVE_B

static const struct api_handler handlers[] = {
#define SERVE_B(key, message, min, max) {key, min, max, serve_##message},
#define API(key, NAME, name, message, min, max, flexible, who, what) \
	SERVE_##who(key, message, min, max)
#include "wire/api.def"
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
