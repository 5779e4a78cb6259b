#!/bin/sh
# Manual pages of a program, from what it prints: NAME.1 from --help, to which the console's --man
# adds its commands and keys; the broker's --man is a page of its own, its settings.
# usage: man.sh PROGRAM VERSION FOLDER-OF-man.awk OUTPUT-FOLDER   (AWK names the awk to use)
set -eu
program=$1 version=$2 here=$3 out=$4
name=$(basename "$program")
page=$out/$name.1
trap 'rm -f "$out/$name.help" "$page.new"' EXIT

if ! "$program" --help >"$out/$name.help" 2>/dev/null </dev/null; then
	echo "man.sh: $name --help failed: no page" >&2
	exit 0
fi
"${AWK:-awk}" -v name="$name" -v version="$version" -f "$here/man.awk" "$out/$name.help" >"$page.new"
if [ "$name" = kdeck-broker ]; then
	{
		printf '.TH "KDECK-BROKER.PROPERTIES" 5 "" "kdeck %s" "kdeck"\n' "$version"
		printf '.SH NAME\nkdeck\\-broker.properties \\- settings of kdeck\\-broker\n.SH SETTINGS\n'
		"$program" --man
	} >"$out/$name.properties.5"
else
	"$program" --man >>"$page.new"
fi
mv "$page.new" "$page"
