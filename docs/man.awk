# A manual page from the text that a program prints for --help: its first line says what it is, or is
# its usage; a line in column 0 that ends with a colon begins a section; the rest is kept as printed.
function quoted(s)
{
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	if (s ~ /^[.']/)
		s = "\\&" s
	return s
}

function plain()
{
	if (!literal)
		print ".nf"
	literal = 1
}

function text()
{
	if (literal)
		print ".fi"
	literal = 0
}

BEGIN {
	printf ".TH \"%s\" 1 \"\" \"kdeck %s\" \"kdeck\"\n.SH NAME\n", toupper(name), version
}

NR == 1 {
	said = "part of kdeck, a terminal console and broker for Kafka's protocol"
	if (name == "kdeck")
		said = "terminal console for Apache Kafka clusters, and its actions as shell commands"
	else if (name == "kdeck-broker")
		said = "broker that speaks Apache Kafka's protocol"
	usage = tolower($0) ~ /^usage:/
	if (!usage) {
		said = $0
		sub("^" name "[ :-]*", "", said)
	}
	printf "%s \\- %s\n", name, quoted(said)
	print usage ? ".SH SYNOPSIS" : ".SH DESCRIPTION"
	if (usage) {
		plain()
		sub(/^[Uu]sage: */, "")
		print quoted($0)
	}
	next
}

# Further lines of the usage stand under its first one; behind the blank line it is described.
usage && /^       / {
	print quoted(substr($0, 8))
	next
}

usage {
	usage = 0
	text()
	print ".SH DESCRIPTION"
	if ($0 == "")
		next
}

/^[^ \t].*:$/ {
	text()
	sub(/:$/, "")
	printf ".SH \"%s\"\n", quoted(toupper($0))
	next
}

{
	plain()
	print quoted($0)
}

END {
	text()
}
