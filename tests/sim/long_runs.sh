#!/bin/sh
# Thousands of histories of both simulations, other seeds than those of `make check`; FIRST, STORE
# and QUORUM choose others and more.
echo 1..2
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
run test_store_sim SEED="${FIRST:-1000}" ROUNDS="${STORE:-4000}" || bad=1
run test_quorum_sim SEED="${FIRST:-1000}" ROUNDS="${QUORUM:-3000}" || bad=1
exit $bad
