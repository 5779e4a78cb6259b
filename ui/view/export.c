/* See export.h. */
#include "view/export.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "model/format.h"

static const char *const formats[] = {"JSON lines", "CSV", NULL};

/* ---- rows ---------------------------------------------------------------------------------- */

void export_csv(struct buf *out, struct str s)
{
	bool quote = !s.n;

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
	if (quote)
		fmt_csv_quoted(out, s);
	else
		buf_put_str(out, s);
}

/* "184,220" as a number again; false when it is none. */
static bool plain_number(struct str s, struct buf *out)
{
	size_t begin = out->n, digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool digit = isdigit((unsigned char)s.p[i]);
		if (!digit && s.p[i] != ',' && s.p[i] != '.') {
			out->n = begin;
			return false;
		}
		digits += digit;
		if (s.p[i] != ',')
			buf_putc(out, s.p[i]);
	}
	return digits > 0;
}

static void put_cell(const struct table *t, size_t row, int col, enum export_format format,
	struct json *j, struct buf *out)
{
	struct buf text = BUF_EMPTY, number = BUF_EMPTY;
	enum style style = STYLE_NORMAL;
	bool is_number;

	t->ops->cell(t->arg, row, col, &text, &style);
	is_number = t->cols[col].align == ALIGN_RIGHT && plain_number(buf_str(&text), &number);
	if (format == EXPORT_CSV) {
		export_csv(out, buf_str(is_number ? &number : &text));
	} else {
		json_key(j, t->cols[col].title);
		if (is_number && strtod(buf_z(&number), NULL) < 9e15)
			json_double(j, strtod(buf_z(&number), NULL));
		else
			json_str(j, buf_str(&text));
	}
	buf_fini(&text);
	buf_fini(&number);
}

static void put_table_row(void *arg, ptrdiff_t row, enum export_format format, struct buf *out)
{
	const struct table *t = arg;
	struct json j;

	json_init(&j, out);
	if (format == EXPORT_JSON)
		json_object(&j);
	for (int col = 0; col < t->n_cols; col++) {
		if (format == EXPORT_CSV && col)
			buf_putc(out, ',');
		if (row < 0)
			export_csv(out, str_of(t->cols[col].title));
		else
			put_cell(t, (size_t)row, col, format, &j, out);
	}
	if (format == EXPORT_JSON)
		json_object_end(&j);
	buf_putc(out, '\n');
}

/* ---- the file ------------------------------------------------------------------------------ */

/* Headings and notes are no data. */
static bool is_row(const struct table *t, size_t row)
{
	enum style style = STYLE_NORMAL;

	return !t->ops->row || t->ops->row(t->arg, row, &style) == TABLE_ROW;
}

static bool write_rows(struct export *x, FILE *f, enum export_format format, size_t *written)
{
	struct buf line = BUF_EMPTY;
	bool fine = true;

	if (format == EXPORT_CSV) {
		x->row(x->arg, -1, format, &line);
		fine = fwrite(line.p, 1, line.n, f) == line.n;
	}
	for (size_t i = 0; i < x->table->n_rows && fine; i++) {
		if (x->table->marks.n && !table_is_marked(x->table, i))
			continue;
		if (!is_row(x->table, i))
			continue;
		buf_clear(&line);
		x->row(x->arg, (ptrdiff_t)i, format, &line);
		fine = fwrite(line.p, 1, line.n, f) == line.n;
		*written += line.n > 0;
	}
	buf_fini(&line);
	return fine;
}

static void save(struct export *x, const char *path, enum export_format format)
{
	FILE *f = fopen(path, "wxe");
	size_t n = 0;
	bool fine;

	if (!f) {
		view_message(x->ctx, MESSAGE_ERROR, "%s: %s", path, strerror(errno));
		return;
	}
	fine = write_rows(x, f, format, &n);
	fine = fclose(f) == 0 && fine;
	if (fine) {
		view_message(x->ctx, MESSAGE_OK, "%zu rows written to %s", n, path);
	} else {
		int why = errno;
		/* Half a file would be taken for a whole one. */
		(void)unlink(path);
		view_message(x->ctx, MESSAGE_ERROR, "%s: %s", path, strerror(why));
	}
}

/* ---- the form ------------------------------------------------------------------------------ */

static enum export_format format_of(const struct form *f)
{
	return str_eqz(form_text(f, "format"), "CSV") ? EXPORT_CSV : EXPORT_JSON;
}

/* The name with the ending of its format. */
static char *path_of(const struct form *f)
{
	struct str name = form_text(f, "file");
	const char *end = format_of(f) == EXPORT_CSV ? ".csv" : ".jsonl";
	struct buf b = BUF_EMPTY;

	if (str_ends(name, ".jsonl"))
		name.n -= strlen(".jsonl");
	else if (str_ends(name, ".csv"))
		name.n -= strlen(".csv");
	buf_put_str(&b, name);
	buf_puts(&b, end);
	return buf_steal(&b);
}

static bool check_file(void *arg, const struct form *f, int field, struct buf *reason)
{
	char *path = path_of(f);
	bool there = access(path, F_OK) == 0;

	(void)arg;
	(void)field;
	if (there)
		buf_printf(reason, "%s is there already: another name", path);
	free(path);
	return !there;
}

static const struct field_def fields[] = {
	{.name = "format",
		.label = "Format",
		.type = FIELD_CHOICE,
		.choices = formats,
		.help = "Left and right choose. Marked rows are saved where there are any, else "
			"all."},
	{.name = "file",
		.label = "File",
		.type = FIELD_TEXT,
		.required = true,
		.help = "From the folder kdeck was started in; .jsonl or .csv is put behind it.",
		.check = check_file},
};

static void submit(void *arg, struct form *f)
{
	char *path = path_of(f);

	save(arg, path, format_of(f));
	free(path);
}

void export_open(struct export *x, struct formbox *box)
{
	if (!x->row) {
		x->row = put_table_row;
		x->arg = x->table;
	}
	formbox_open(box, "export", fields, ARRAY_LEN(fields), submit, x);
	form_set(&box->form, "file", str_of(x->stem));
}
