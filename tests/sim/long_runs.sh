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
bad=0
first=${FIRST:-1000}
seeds=${SEEDS:-3000}
run test_store_sim SEED="$first" ROUNDS="${STORE:-4000}" || bad=1
run test_quorum_sim SEED="$first" ROUNDS="${QUORUM:-3000}" || bad=1
run test_cluster_sim SEED="$first" NODES=3 ROUNDS="$((seeds - seeds / 3))" || bad=1
run test_cluster_sim SEED="$first" NODES=5 ROUNDS="$((seeds / 3))" || bad=1
exit $bad
