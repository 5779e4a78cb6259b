#!/bin/sh
# Thousands of histories of the simulations, other seeds than those of `make check`. SEEDS=N: that
# many clusters; FIRST, STORE and QUORUM choose others and more.
echo 1..4
run()
{
	name=$1
	shift
	if out=$(env "$@" "$top_builddir/tests/sim/$name" 2>&1); then
		echo "ok - $name: $(echo "$out" | sed -n 's/^# \(.*[0-9].*\)$/\1/p' | tail -n 1)"
	else
		echo "$out" | sed 's/^/# /' | tail -n 40
		echo "not ok - $name"
		return 1
	fi
}
first=${FIRST:-1000}
seeds=${SEEDS:-3000}
# Each takes a core; what one of them says comes at its end, in one piece.
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
one()
{
	run test_cluster_sim SEED="$first" NODES=3 ROUNDS="$((seeds - seeds / 3))"
}
other()
{
	ok=0
	run test_store_sim SEED="$first" ROUNDS="${STORE:-4000}" || ok=1
	run test_quorum_sim SEED="$first" ROUNDS="${QUORUM:-3000}" || ok=1
	run test_cluster_sim SEED="$first" NODES=5 ROUNDS="$((seeds / 3))" || ok=1
	return $ok
}
one >"$folder/one" 2>&1 &
bad=0
other || bad=1
wait $! || bad=1
cat "$folder/one"
exit $bad
