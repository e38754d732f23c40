#!/usr/bin/env bash
# Runs the DHT at several sizes and rates of churn and writes the tables of docs/kademlia-scale.md between their markers.
#   scripts/dht-scale.sh [--churn] [HOSTS...]      sizes, 300 1000 3000 unless said; --churn: of the churn table alone
# Virtual time: the figures are the same on every machine. GHOSTNET names the program, ./ghostnet unless said.
set -euo pipefail
cd "$(dirname "$0")/.."
page=docs/kademlia-scale.md
ghostnet=${GHOSTNET:-./ghostnet}
[[ ${1:-} == --churn ]] && only_churn=1 && shift
sizes=("${@:-300 1000 3000}")
# What expectations say is left to whoever reads the table.
measure() { "$ghostnet" run --json --quiet "$@" || [[ $? == 1 ]] || { echo "a run failed: $*" >&2; exit 1; }; }
of() { jq -r ".runs[0].metrics as \$m | def n(\$name): \$m[\$name]; def ms(\$name; \$p): (n(\$name)[\$p] / 1e6 | round);
  def share(\$part; \$all): (10000 * (1 - n(\$part) / n(\$all)) | round / 100); $1"; }
# Between <!-- NAME --> and <!-- end of NAME -->: standard input.
write_table() {
  { sed "/<!-- $1 -->/q" "$page"; echo; cat; echo; sed -n "/<!-- end of $1 -->/,\$p" "$page"; } >"$page.new"
  mv "$page.new" "$page"
}

if [[ ! ${only_churn:-} ]]; then
  for hosts in ${sizes[*]}; do
    measure scenarios/dht-scale.yaml --set network.hosts="$hosts" |
      of "\"| $hosts | \\(share(\"kademlia.finds_failed\"; \"kademlia.finds\")) of \\(n(\"kademlia.finds\")) | \\(n(\"kademlia.find_hops\").mean * 100 | round / 100) | \\(ms(\"kademlia.find_time\"; \"p50\")), \\(ms(\"kademlia.find_time\"; \"p90\")), \\(ms(\"kademlia.find_time\"; \"p99\")) | \\(n(\"kademlia.asked\").mean) | \\(ms(\"kademlia.lookup_time\"; \"p50\")), \\(ms(\"kademlia.lookup_time\"; \"p90\")) | \\((n(\"kademlia.table_size\") / $hosts) | round) | \\((n(\"libp2p.connections\") / $hosts) | round) |\""
  done | {
    echo '| servers | found, % | hops, mean | time to find: p50, p90, p99, ms | asked for the k nearest | all k have answered: p50, p90, ms | table | connections |'
    echo '|---|---|---|---|---|---|---|---|'
    cat
  } | write_table sizes
fi

for leave in 0 1 2 5 10; do
  measure scenarios/dht-churn.yaml --set faults.0.churn.leave="$leave %/min" |
    of "\"| $leave | \\(share(\"kademlia.finds_failed\"; \"kademlia.finds\")) | \\(ms(\"kademlia.find_time\"; \"p50\")), \\(ms(\"kademlia.find_time\"; \"p90\")) | \\(share(\"kademlia.gets_failed\"; \"kademlia.gets\")) | \\(ms(\"kademlia.get_time\"; \"p50\")), \\(ms(\"kademlia.get_time\"; \"p90\")) | \\(n(\"kademlia.asked\").mean) | \\(ms(\"kademlia.lookup_time\"; \"p50\")), \\(ms(\"kademlia.lookup_time\"; \"p90\")) |\""
done | {
  echo '| leave, % a minute | peers found, % | p50, p90, ms | values found, % | p50, p90, ms | asked for the k nearest | all k have answered: p50, p90, ms |'
  echo '|---|---|---|---|---|---|---|'
  cat
} | write_table churn
