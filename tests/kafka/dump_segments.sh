#!/bin/sh
# Kafka's DumpLogSegments reads what the store writes: logs, both indexes, producer snapshots.
# KAFKA_JARS names the folder with Kafka's jars.
set -eu
KAFKA_JARS=${KAFKA_JARS:-${KAFKA_LIBS:-}}
if [ -z "$KAFKA_JARS" ]; then
	echo "1..0 # SKIP KAFKA_JARS does not name the folder with Kafka's jars"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${top_builddir:-.}/tests/kafka/write_sample_log" "$dir/data"
n=0
bad=0
dump()
{
	java -cp "$KAFKA_JARS/*" org.apache.kafka.tools.DumpLogSegments "$@" >"$dir/out" 2>&1
}
check()
{
	n=$((n + 1))
	if dump "$@" && ! grep -Eiq 'exception|mismatch|not found|out of order|corrupt|isvalid: false' "$dir/out"; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*"
		sed 's/^/# /' "$dir/out" | head -20
		bad=1
	fi
}
logs=$(ls "$dir"/data/sample-0/*.log | paste -sd, -)
indexes=$(ls "$dir"/data/sample-0/*index | paste -sd, -)
snapshots=$(ls "$dir"/data/sample-0/*.snapshot | paste -sd, -)
check --files "$logs" --print-data-log
check --files "$indexes"
check --files "$(ls "$dir"/data/sample-0/*.index | paste -sd, -)" --index-sanity-check
check --files "$snapshots"
echo "1..$n"
exit $bad
