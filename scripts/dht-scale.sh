#!/usr/bin/env bash
# Runs the DHT at several sizes and rates of churn and writes the tables of docs/kademlia-scale.md between their markers.
#   scripts/dht-scale.sh [--churn] [HOSTS...]      sizes, 1000 3000 unless said; --churn: of the churn table alone
# Virtual time: the figures are the same on every machine. GHOSTNET names the program, ./ghostnet unless said.
set -euo pipefail
cd "$(dirname "$0")/.."
page=docs/kademlia-scale.md
ghostnet=${GHOSTNET:-./ghostnet}
only_churn=
[[ ${1:-} == --churn ]] && only_churn=1 && shift
sizes=("$@")
[[ $# -gt 0 ]] || sizes=(1000 3000)

# What a scenario expects is left to whoever reads the table.
measure() { "$ghostnet" run --json --quiet "$@" || [[ $? == 1 ]] || { echo "a run failed: $*" >&2; exit 1; }; }
# row FIRST JQ: a row of the table, its first cell, and cells by an array in jq.
row() {
  jq -r --arg first "$1" '.runs[0].metrics as $m
    | def n($name): $m["kademlia." + $name];
      def ms($name; $p): n($name)[$p] / 1e6 | round;
      def succeeded($of): 10000 * (1 - n($of + "_failed") / n($of)) | round / 100;
      def each($p; f): $p | map(f | tostring) | join(", ");
      "| " + ([$first] + '"$2"' | map(tostring) | join(" | ")) + " |"'
}
# Between <!-- NAME --> and <!-- end of NAME -->: standard input.
write_table() {
  local table
  table=$(cat)
  { sed "/<!-- $1 -->/q" "$page"; printf '\n%s\n\n' "$table"; sed -n "/<!-- end of $1 -->/,\$p" "$page"; } >"$page.new"
  mv "$page.new" "$page"
}

if [[ ! $only_churn ]]; then
  {
    echo '| servers | searched for | found, % | hops: p50, p90, p99 | found after: p50, p90, p99, ms | asked for the k nearest | all k have answered: p50, p90, ms | entries of a table | connections |'
    echo '|---|---|---|---|---|---|---|---|---|'
    for hosts in "${sizes[@]}"; do
      measure scenarios/dht-scale.yaml --set network.hosts="$hosts" | row "$hosts" '[n("finds"), succeeded("finds"),
        each(["p50", "p90", "p99"]; n("find_hops")[.]), each(["p50", "p90", "p99"]; ms("find_time"; .)), n("asked").mean,
        each(["p50", "p90"]; ms("lookup_time"; .)), (n("table_size") / '"$hosts"' | round),
        ($m["libp2p.connections"] / '"$hosts"' | round)]'
    done
  } | write_table sizes
fi

{
  echo '| leave, % a minute | peers found, % | after: p50, p90, ms | values found, % | after: p50, p90, ms | asked for the k nearest | all k have answered: p50, p90, ms |'
  echo '|---|---|---|---|---|---|---|'
  for leave in 0 1 2 5 10; do
    measure scenarios/dht-churn.yaml --set faults.0.churn.leave="$leave %/min" | row "$leave" '[succeeded("finds"),
      each(["p50", "p90"]; ms("find_time"; .)), succeeded("gets"), each(["p50", "p90"]; ms("get_time"; .)),
      n("asked").mean, each(["p50", "p90"]; ms("lookup_time"; .))]'
  done
} | write_table churn
