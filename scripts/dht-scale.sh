#!/usr/bin/env bash
# Runs the DHT at several sizes and rates of churn and writes the tables of docs/kademlia-scale.md between their markers.
#   scripts/dht-scale.sh [--sizes|--joined|--churn|--large-churn] [HOSTS...]    one table alone; sizes: 1000 10000 unless said
# Virtual time: the figures are the same on every machine. GHOSTNET names the program, ./ghostnet unless said.
set -euo pipefail
cd "$(dirname "$0")/.."
page=docs/kademlia-scale.md
ghostnet=${GHOSTNET:-./ghostnet}
only=
[[ ${1:-} == --* ]] && only=${1#--} && shift
sizes=("$@")
[[ $# -gt 0 ]] || sizes=(1000 10000)

# What a scenario expects is left to whoever reads the table.
measure() { "$ghostnet" run --json --quiet "$@" || [[ $? == 1 ]] || { echo "a run failed: $*" >&2; exit 1; }; }
# row FIRST JQ: a row of the table, its first cell, and cells by an array in jq.
row() {
  jq -r --arg first "$1" '.runs[0].metrics as $m
    | def n($name): $m["kademlia." + $name];
      def ms($name; $p): (n($name)[$p] // 0) / 1e6 | round;
      def succeeded($of): 10000 * (1 - n($of + "_failed") / n($of)) | round / 100;
      def p80($name): .runs[0].expectations[] | select(.expr | startswith("p80(kademlia." + $name)) | .value / 1e6 | round;
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

# scale HOSTS SETTING...: a row of a network of so many servers.
scale() {
  local hosts=$1
  shift
  measure scenarios/dht-scale.yaml --set network.hosts="$hosts" "$@" | row "$hosts" '[n("finds") - n("finds_connected"),
    succeeded("finds"), each(["p50", "p90", "p99"]; n("find_hops")[.]),
    ([ms("find_time"; "p50"), p80("find_time"), ms("find_time"; "p90"), ms("find_time"; "p99")] | map(tostring) | join(", ")),
    n("lookups"), succeeded("lookups"), each(["p50", "p90", "p99"]; n("hops")[.]), n("asked").mean,
    each(["p50", "p90"]; ms("lookup_time"; .)), (n("table_size") / '"$hosts"' | round)]'
}
scale_head() {
  echo '| servers | peers searched for | found, % | hops: p50, p90, p99 | found after: p50, p80, p90, p99, ms | lookups | answered, % | hops: p50, p90, p99 | asked | all k have answered: p50, p90, ms | entries of a table |'
  echo '|---|---|---|---|---|---|---|---|---|---|---|'
}

if [[ ! $only || $only == sizes ]]; then
  { scale_head; for hosts in "${sizes[@]}"; do scale "$hosts"; done; } | write_table sizes
fi
# Twenty seconds of dialling, and a refresh of the tables each 30.
if [[ ! $only || $only == joined ]]; then
  [[ $only == joined && $# -gt 0 ]] || sizes=(500)
  {
    scale_head
    for hosts in "${sizes[@]}"; do
      scale "$hosts" --set kademlia.table=searches --set libp2p.peers=5 --set kademlia.refresh="30 s"
    done
  } | write_table joined
fi

# churn RATE SETTING...: a row of those who stay while others leave.
churn() {
  local leave=$1
  shift
  measure scenarios/dht-churn.yaml --set faults.0.churn.leave="$leave %/min" "$@" | row "$leave" '[
    n("finds") - n("finds_connected"), succeeded("finds"), each(["p50", "p90"]; ms("find_time"; .)), n("gets"), succeeded("gets"),
    each(["p50", "p90"]; ms("get_time"; .)), n("lookups"), succeeded("lookups"), n("asked").mean,
    each(["p50", "p90"]; ms("lookup_time"; .))]'
}
churn_head() {
  echo '| leave, % a minute | peers searched for | found, % | after: p50, p90, ms | values searched for | found, % | after: p50, p90, ms | lookups | answered, % | asked | all k have answered: p50, p90, ms |'
  echo '|---|---|---|---|---|---|---|---|---|---|---|'
}

if [[ ! $only || $only == churn ]]; then
  { churn_head; for leave in 0 1 2 5 10; do churn "$leave"; done; } | write_table churn
fi
if [[ ! $only || $only == large-churn ]]; then
  {
    churn_head
    for leave in 1 5 10; do
      churn "$leave" --set network.hosts=10000 --set groups.clients.count=50 --set kademlia.table=directory \
        --set kademlia.refresh="10 min" --set libp2p.peers=0
    done
  } | write_table large-churn
fi
