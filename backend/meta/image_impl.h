/* What image.c and image_apply.c share. */
#ifndef META_IMAGE_IMPL_H
#define META_IMAGE_IMPL_H

#include "meta/image.h"

/* Frees what the partition points at, not the partition. */
void image_partition_fini(struct image_partition *p);
void image_topic_free(struct image_topic *t);
void image_broker_free(struct image_broker *b);
void image_config_free(struct image_config *c);
/* The first position whose config does not sort before (type, name). */
size_t image_config_at(const struct image *img, int8_t type, struct str name);

#endif
