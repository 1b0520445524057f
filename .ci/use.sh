#!/usr/bin/env bash
# Use an installed eqdsl from an empty folder: BIN is the folder of its console script.
set -euo pipefail
bin=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

"$bin/eqdsl" version
"$bin/eqdsl" new cooling --template ode
"$bin/eqdsl" check cooling.eq

cat > decay.eq <<'EQ'
model decay "exponential decay"
state u
param k = fit 0.5 in (0, 5)
dt(u) = -k*u
init u = 1
EQ
"$bin/eqdsl" simulate decay.eq -o truth.h5 --until 2 --every 0.1 --param k=0.8
"$bin/eqdsl" fit decay.eq truth.h5 -o run --set optimizer.steps=20 --quiet
"$bin/eqdsl" evaluate run truth.h5
"$bin/eqdsl" inspect run
