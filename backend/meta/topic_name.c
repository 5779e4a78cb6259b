/* Rules for topic names. */
#include "meta/topic_name.h"

static bool legal(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

int topic_name_check(struct str name, struct err *e)
{
	static const char wrong[] = "Topic name is invalid:";

	if (name.n == 0)
		return err_set(e, ERR_INVALID, "%s the empty string is not allowed", wrong);
	if (str_eqz(name, ".") || str_eqz(name, ".."))
		return err_set(e, ERR_INVALID, "%s '%.*s' is not allowed", wrong, STR_ARG(name));
	if (name.n > TOPIC_NAME_MAX)
		return err_set(e, ERR_INVALID,
			"%s its length, %zu, is longer than the max allowed length %d", wrong,
			name.n, TOPIC_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		if (!legal(name.p[i]))
			return err_set(e, ERR_INVALID,
				"%s '%.*s' contains one or more characters other than ASCII "
				"alphanumerics, '.', '_' and '-' (byte 0x%02x at position %zu)",
				wrong, STR_ARG(name), (unsigned char)name.p[i], i);
	return 0;
}

bool topic_name_internal(struct str name)
{
	return str_eqz(name, "__consumer_offsets") || str_eqz(name, "__transaction_state") ||
	       str_eqz(name, "__share_group_state") || str_eqz(name, "__cluster_metadata");
}

void topic_name_canonical(struct str name, char *out)
{
	for (size_t i = 0; i < name.n; i++)
		out[i] = name.p[i] == '.' ? '_' : name.p[i];
}
