#!/usr/bin/env bash
# Runs what others have published of gossipsub and writes the tables of docs/gossipsub-published.md between its markers.
#   scripts/gossipsub-published.sh [HOSTS]      of the large-message network; 200 unless said
# Virtual time: the figures are the same on every machine.
set -euo pipefail
cd "$(dirname "$0")/.."
hosts=${1:-200}
page=docs/gossipsub-published.md
metric='def value(name): .runs[0].metrics[name] | if type == "object" then . else {count: .} end;'
measure() { ./ghostnet run --json --quiet "$@" || { echo "a run failed: $*" >&2; exit 1; }; }
of() { jq -r "$metric $2" <<<"$1"; }

shares=() # a fifth of the hosts in each of the stages
for group in slow slower fast fastest; do shares+=(--set "groups.$group.count=$((hosts / 5))"); done

large() { # size, threshold
  measure scripts/published/vac.yaml --set network.hosts="$hosts" "${shares[@]}" --set workload.0.publish.size="$1" \
    --set gossipsub.idontwant_threshold="$2"
}

rows=
for size in '50 KiB' '200 KiB' '500 KiB'; do
  without=$(large "$size" '64 MiB')
  with=$(large "$size" '1 KiB')
  row() {
    of "$1" '[(value("gossipsub.duplicates").count / value("gossipsub.delivered").count * 100 | round / 100),
      (value("gossipsub.delivery_latency").p99 / 1e6 | round),
      (value("gossipsub.delivered").count / value("gossipsub.expected").count * 10000 | round / 100)] | map(tostring) | join(" | ")'
  }
  bytes() { of "$1" 'value("gossipsub.payload_bytes").count + value("gossipsub.control_bytes").count'; }
  saved=$(jq -n "(1 - $(bytes "$with") / $(bytes "$without")) * 1000 | round / 10 | if . == 0 then 0 else . end")  # no -0
  rows+="| $size | no | $(row "$without") | |"$'\n'
  rows+="| $size | yes | $(row "$with") | $saved % |"$'\n'
done

small=$(measure scripts/published/simsub.yaml)
simsub=$(of "$small" '[(value("gossipsub.sent_copies").count / value("gossipsub.delivered").count * 100 | round / 100),
  (value("gossipsub.delivery_latency").p50 / 1e6 | round), (value("gossipsub.delivery_latency").p99 / 1e6 | round),
  (value("gossipsub.delivery_latency").max / 1e6 | round),
  (value("gossipsub.delivered").count / value("gossipsub.expected").count * 10000 | round / 100)] | map(tostring) | join(" | ")')

{
  sed '/<!-- tables -->/q' "$page"
  printf '\n%s hosts, D = 8, links of 40 to 130 ms, 50 to 150 Mbit/s:\n\n' "$hosts"
  printf '| message | IDONTWANT | duplicates a delivery | p99 latency, ms | delivered, %% | bytes saved |\n|---|---|---|---|---|---|\n%s' "$rows"
  printf '\n1,000 hosts, D = 6, gossipsub 1.0:\n\n'
  printf '| messages sent a delivery | p50, ms | p99, ms | largest, ms | delivered, %% |\n|---|---|---|---|---|\n| %s |\n\n' "$simsub"
  sed -n '/<!-- end of tables -->/,$p' "$page"
} > "$page.new"
mv "$page.new" "$page"
