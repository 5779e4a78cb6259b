/* The form of screen 6: its fields and what is wrong with one. The form's arg is the struct
 * view_ctx.
 */
#ifndef VIEW_PRODUCE_FIELDS_H
#define VIEW_PRODUCE_FIELDS_H

#include "widget/form.h"

#define PRODUCE_FIELDS  12
#define PRODUCE_HEADERS 32 /* most headers of a record */

extern const struct field_def produce_fields[PRODUCE_FIELDS];

#endif
