#!/usr/bin/env bash
# namespaces.sh GHOSTNET SCENARIOS: `--live netns`: hosts in network namespaces behind the links of the file; that nothing
# of them is left, however a run ends; and what is said to those who may not. Skipped (77) where we may make none.
set -uo pipefail
program=$1 scenarios=$2 failed=0
. "$(dirname "$0")/only_late.sh"
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT
out=$place/out
complain() { echo "$*"; failed=1; }
unshare --net true 2>/dev/null && [[ -e /dev/net/tun ]] || { echo "no privilege for network namespaces"; exit 77; }
namespaces() { lsns --type net --noheadings 2>/dev/null | wc -l; }
netns=(--mode live --live netns --quiet)

before=$(namespaces)
"$program" run "$scenarios/latency.yaml" "${netns[@]}" --until '8 s' --set workload.0.ping.stop='7 s' \
  --set workload.1.ping.stop='7 s' >"$out" 2>&1 || only_late $? "$out" || { cat "$out"; complain "latency"; }
"$program" run "$scenarios/bulk-stream.yaml" "${netns[@]}" --until '10 s' --set workload.0.bulk.duration='6 s' \
  --set workload.1.bulk.duration='6 s' --set workload.2.bulk.duration='6 s' --set 'expect=[bulk.completed == 3]' \
  --db "$place/streams.sqlite" || complain "bulk-stream: exit code $?"
# The kernel's connections and our links, over time.
for metric in connection.window connection.in_flight connection.smoothed_rtt wire.queue wire.utilisation; do
  rows=$("$program" results export --db "$place/streams.sqlite" --table link_series 1 | grep -c ",$metric,")
  ((rows >= 20)) || complain "bulk-stream: $rows samples of $metric"
done

# Ctrl-C, and a death without any last word.
for signal in INT KILL; do
  "$program" run "$scenarios/latency.yaml" "${netns[@]}" >/dev/null 2>&1 &
  run=$!
  sleep 2
  kill -$signal $run
  wait $run 2>/dev/null
  for ((i = 0; i < 50 && $(namespaces) > before; ++i)); do sleep 0.1; done
  (($(namespaces) <= before)) || complain "after SIG$signal: namespaces are left"
done

# Without the privilege.
if command -v setpriv >/dev/null; then
  said=$(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
    "$program" run "$scenarios/latency.yaml" "${netns[@]}" 2>&1)
  code=$?
  ((code == 2)) || complain "without privilege: exit code $code, not 2"
  [[ $said == *"--live netns"*"root"* ]] || complain "without privilege it said: $said"
fi
exit $failed
