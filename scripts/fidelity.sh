#!/usr/bin/env bash
# fidelity.sh [GHOSTNET]: how close simulations come to kernels. Runs bulk and ping scenarios simulated and live in network
# namespaces (as root), with the same links, and prints the table of docs/fidelity.md: throughput and percentiles of round
# trips, and by how much the simulation differs. Takes about four minutes.
set -uo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/release/bin/ghostnet}
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT

# case NAME SCENARIO ARGUMENTS...
case_of() {
  local name=$1 scenario=scenarios/$2.yaml
  shift 2
  for mode in sim 'live --live netns'; do
    # shellcheck disable=SC2086 # two words
    "$program" run "$scenario" --mode $mode --db "$place/$name.${mode%% *}" --quiet --set 'expect=[]' "$@" >"$place/log" 2>&1 ||
      { echo "$name: $mode: $(cat "$place/log")" >&2; return 1; }
  done
}

# What is compared of one case: percentiles of round trips, means of goodput, by group.
rows_of() {
  "$program" results export --db "$place/$1.$2" --table percentiles 1 | tr -d '\r' |
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
      $at["host_id"] != -1 || $at["group_name"] == "" { next }
      $at["metric"] == "ping.rtt" { for (n = split("p50 p90 p99", p, " "); n; --n)
        printf "%s %s of round trips|ms|%.6f\n", $at["group_name"], p[n], $at[p[n]] / 1e6 }
      $at["metric"] == "bulk.goodput" {
        printf "%s goodput|Mbit/s|%.6f\n", $at["group_name"], $at["mean"] / 1e6 }'
}

cases=()
add() { cases+=("$1") && case_of "$@"; }
add latency latency
add lossy-ping latency --set network.loss='2 %'
add queues bufferbloat
add udp-lossy bulk-lossy
add udp-asymmetric asymmetric-links
add tcp bulk-stream
add tcp-bufferbloat bulk-stream --set groups.near.queue='1 MiB' --set groups.slow.queue='1 MiB'
add tcp-small-queue bulk-stream --set groups.near.queue='32 KiB' --set groups.far.queue='64 KiB' --set groups.slow.queue='16 KiB'
add tcp-fq-codel bulk-stream --set network.discipline=fq_codel

echo '| case | what | simulated | namespaces | difference |'
echo '|---|---|---|---|---|'
for name in "${cases[@]}"; do
  join -t '|' -j 1 <(rows_of "$name" sim | sort) <(rows_of "$name" live | cut -d '|' -f 1,3 | sort) |
    awk -F '|' -v name="$name" '{ printf "| %s | %s | %.4g %s | %.4g %s | %+.1f %% |\n",
      name, $1, $3, $2, $4, $2, 100 * ($3 / $4 - 1) }'
done | tee "$place/table"
awk -F '|' '{ d = $6; gsub(/[ %+-]/, "", d); print d }' "$place/table" | sort -g |
  awk '{ d[NR] = $1 } END { if (NR) printf "\nMedian difference: %.1f %% of %d values; nine in ten are within %.1f %%.\n",
    d[int((NR + 1) / 2)], NR, d[int(0.9 * NR + 0.5)] }'
