/* What the files of the image share. */
#ifndef META_IMAGE_IMPL_H
#define META_IMAGE_IMPL_H

#include "meta/image.h"

/* Heap copies; null and empty lists stay NULL. */
struct str image_own(struct str s);
struct meta_ids image_own_ids(const int32_t *v, int32_t n);
struct uuid *image_own_uuids(const struct uuid *v, int32_t n);
void image_topic_free(struct image_topic *t);
void image_broker_free(struct image_broker *b);
void image_config_free(struct image_config *c);
/* The first position whose config does not sort before (type, name). */
size_t image_config_at(const struct image *img, int8_t type, struct str name);

#endif
