#!/usr/bin/env bash
# live.sh GHOSTNET SCENARIOS: the scenarios of the library that can, live on this machine's loopback, with the expectations
# that they have in simulation. All side by side, since they mostly wait: what the longest takes. Those for which a machine
# that runs other tests is too slow have fewer hosts, and a day of churn passes in half a minute. Their times are
# real, so they are given precedence where that is allowed, and what failed beside the others is run once more by itself.
set -uo pipefail
program=$1 scenarios=$2
. "$(dirname "$0")/only_late.sh"
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT

precedence=()
nice -n -10 true 2>/dev/null && precedence=(nice -n -10)
live() {
  local name=$1
  shift
  printf '%q ' "$name" "$@" >"$place/$name.first"
  "${precedence[@]}" "$program" run "$scenarios/$name.yaml" --mode live --quiet "$@" >"$place/$name.out" 2>&1 && return
  local code=$?
  echo "exit code $code" >>"$place/$name.out"
  only_late $code "$place/$name.out" && return
  touch "$place/$name.failed"
}

live asymmetric-links &
live bufferbloat &
live bulk-lossy &
live bulk-stream &
live churn --until '40 s' --set warm_up='10 s' --set 'faults.0.churn.leave=500 %/min' --set 'faults.0.churn.rejoin=2 s' &
live dht-lookup --set network.hosts=30 --db "$place/dht.sqlite" &
live echo &
live gossip-live --db "$place/gossip.sqlite" --set record.connections='[all]' --set record.wires='[publishers]' &
live gossip-mesh --set network.hosts=60 &
live latency &
live loss-sweep --jobs 18 --db none &
live partition-heal &
live regional-outage &
wait

for mark in "$place"/*.failed; do
  [[ -e $mark ]] || continue
  name=$(basename "$mark" .failed)
  rm "$mark"
  eval "live $(cat "$place/$name.first")"
done

failed=0
for mark in "$place"/*.failed; do
  [[ -e $mark ]] || continue
  name=$(basename "$mark" .failed)
  echo "$name:"
  cat "$place/$name.out"
  failed=1
done

# What was recorded of a live run is as of a simulated one: connections, meshes, traced messages, and the table of metrics.
rows() { "$program" results export --db "$place/$1.sqlite" --table "$2" 1 | tail -n +2; }
recorded() {
  (($(rows "$1" "$2" | grep -c -- "$3") >= $4)) && return
  echo "$1: $2: fewer than $4 rows with $3"
  failed=1
}
recorded gossip links ,tcp, 50
recorded gossip links ,mesh, 50
recorded gossip messages ,gossip, 300
recorded gossip messages ,segment, 100
recorded gossip link_series ,tcp,.*,connection.window, 200
recorded gossip link_series ,tcp,.*,connection.smoothed_rtt, 200
recorded gossip link_series ,wire,.*,wire.queue, 200
recorded gossip run_values gossipsub.delivered 1
recorded dht links ,dht, 50
exit $failed
