#!/usr/bin/env bash
# Runs each attack on a gossipsub network by itself and all of them together, each with and without what defends, and writes the
# tables of docs/scenarios/gossip-attack.md between their markers.
#   scripts/gossip-attack.sh [--each|--together|--large]       one table alone; the large one is only printed, and takes 9 GB
# Virtual time: the figures are the same on every machine. GHOSTNET names the program, ./ghostnet unless said.
set -euo pipefail
cd "$(dirname "$0")/.."
page=docs/scenarios/gossip-attack.md
ghostnet=${GHOSTNET:-./ghostnet}
only=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What defends: scores and all else of 1.1; all of it but scores; what version 1.0 had: gossip to d_lazy peers and no outbound quotas.
declare -A defence=(
  [scores]=''
  [none]='--set gossipsub.scoring=false'
  [v10]='--set gossipsub.scoring=false --set gossipsub.gossip_factor=0% --set gossipsub.d_out=0'
)

# What a scenario expects is left to whoever reads the table.
measure() { "$ghostnet" run --json --quiet "$@" || [[ $? == 1 ]] || { echo "a run failed: $*" >&2; exit 1; }; }
# Of the three runs, side by side: measured SCENARIO SETTING...; then $work/{scores,none,v10}.json are there.
measured() {
  local kind pids=() pid
  for kind in scores none v10; do
    # shellcheck disable=SC2086
    measure "$@" ${defence[$kind]} >"$work/$kind.json" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}
# row FIRST GROUP JQ [SECONDS]: its first cell, whose deliveries are looked at (a group, or all), what the attack reached, and how long
# is measured.
row() {
  jq -rs --arg first "$1" --arg of "$2" --argjson seconds "${4:-50}" '
    def n($name): .metrics["gossipsub." + $name];
    def attack($name): .metrics["gossip_attack." + $name] // 0;
    def latency: if $of == "all" then n("delivery_latency") else .groups[$of]["gossipsub.delivery_latency"] end;
    def ms($p): latency[$p] / 1e6 | round;
    def delivered: if $of == "all" then 10000 * n("delivered") / n("expected") | round / 100
      else 10000 * .groups[$of]["gossipsub.delivered"] / (5 * n("published") - .groups[$of]["gossipsub.published"]) | round / 100 end;
    def each(f): map(f | tostring) | join(", ");
    map(.runs[0]) | "| " + ([$first, each(delivered), each(ms("p50")), each(ms("p99")),
      each((n("payload_bytes") + n("control_bytes")) / 50 / 1000 / $seconds | round), '"$3"'] | map(tostring) | join(" | ")) + " |"
  ' "$work/scores.json" "$work/none.json" "$work/v10.json"
}
# Between <!-- NAME --> and <!-- end of NAME -->: standard input.
write_table() {
  local table
  table=$(cat)
  { sed "/<!-- $1 -->/q" "$page"; printf '\n%s\n\n' "$table"; sed -n "/<!-- end of $1 -->/,\$p" "$page"; } >"$page.new"
  mv "$page.new" "$page"
}

many=scenarios/gossip-attack.yaml
few=scenarios/gossip-eclipse.yaml
# The scenario's attacks by their places in its workload, and settings under which they stay away.
declare -A at=([spam]=2 [iwant]=3 [ihave]=4 [graft]=5)
without() {
  local attack
  for attack in "$@"; do printf -- '--set workload.%s.attack_%s.start=124.9s ' "${at[$attack]}" "$attack"; done
}
honest='--set gossip_attack.swallow_after=1h'
only_attack() { without $(printf '%s\n' "${!at[@]}" | sort | grep -vx "${1:-nothing}"); }

if [[ ! $only || $only == --each ]]; then
  {
    echo '| attack | delivered, % | p50, ms | p99, ms | sent by an honest peer, kB/s | what the sybils reached |'
    echo '|---|---|---|---|---|---|'
    swallowed='each(attack("swallowed")) + " copies swallowed"'
    measured $many $honest $(only_attack)
    row 'none: sybils are there, and pass on what they get' all 'each(n("duplicates") / n("delivered") * 100 | round / 100) + " duplicates a delivery"'
    # All of them count from the beginning: what comes late may not count without what was expected.
    measured $many $(only_attack) --set gossip_attack.swallow_after=0s --set warm_up=3s
    row 'sybils swallow all from the first second' all "$swallowed" 122
    measured $few
    row 'eclipse: what five hosts hear when their 200 sybils fall silent' victims "$swallowed"
    measured $few $honest --set workload.4.attack_censor.start=8s --set workload.3.attack_dial.start=0s --set workload.3.attack_dial.stop=8s
    row 'censors pass on all but the messages of a tenth of the authors' all "$swallowed"
    measured $many $(only_attack)
    row 'covert flash: all at once, sybils fall silent at 75 s' all "$swallowed"
    measured $many $(only_attack) --set gossipsub.mesh_deliveries_decay=0.8 --set gossipsub.mesh_deliveries_weight=-10
    row 'the same; P3 forgets within seconds and weighs ten times as much' all "$swallowed"
    measured $many $honest $(only_attack spam) --set workload.2.attack_spam.rate='2 /s'
    row 'invalid messages, 2 a second from each sybil to each peer' all 'each(n("rejected")) + " looked at of " + (.[0] | attack("spam") | tostring)'
    measured $many $honest $(only_attack iwant) --set workload.3.attack_iwant.rate='2 /s'
    row 'IWANT of the last 64 messages, 2 a second' all 'each(n("iwant_served")) + " messages sent for it"'
    measured $many $honest $(only_attack ihave) --set workload.4.attack_ihave.rate='2 /s'
    row 'IHAVE of 100 messages that are not there, 2 a second' all 'each(n("iwant_ids")) + " of " + (.[0] | attack("ihave_ids") | tostring) + " asked for"'
    measured $many $honest $(only_attack graft) --set workload.5.attack_graft.rate='2 /s'
    row 'GRAFT against the rules, 2 a second' all 'each(n("prunes")) + " links ended, of " + (.[0] | attack("grafts") | tostring) + " GRAFTs"'
  } | write_table each
fi

# together HONEST SYBILS SETTING...
together() {
  local honest=$1 sybils=$2
  shift 2
  measured $many --set network.hosts=$((honest + sybils)) --set groups.honest.count="$honest" --set groups.sybils.count="$sybils" "$@"
  jq -rs --arg first "$honest, $sybils" '
    def n($name): .metrics["gossipsub." + $name];
    def each(f): map(f | tostring) | join(", ");
    def ms($p): n("delivery_latency")[$p] / 1e6 | round;
    map(.runs[0]) | "| " + ([$first, each(10000 * n("delivered") / n("expected") | round / 100), each(ms("p50")), each(ms("p99")),
      each(ms("max")), each(.metrics["gossip_attack.swallowed"])] | join(" | ")) + " |"
  ' "$work/scores.json" "$work/none.json" "$work/v10.json"
}
together_head() {
  echo '| honest, sybils | delivered, % | p50, ms | p99, ms | largest, ms | swallowed |'
  echo '|---|---|---|---|---|---|'
}

if [[ ! $only || $only == --together ]]; then
  {
    together_head
    together 50 200
    together 100 400 --set workload.0.publish.rate='0.02 /s'
  } | write_table together
fi
if [[ $only == --large ]]; then
  together_head
  together 1000 4000 --set workload.0.publish.rate='0.002 /s'
fi
