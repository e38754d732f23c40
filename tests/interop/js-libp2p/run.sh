#!/usr/bin/env bash
# ghostnet's libp2p against js-libp2p, both as dialer and as listener: Noise, TLS, yamux, identify, ping, gossipsub with
# signed messages, and the DHT's values, on loopback.
#
#   tests/interop/js-libp2p/run.sh [GHOSTNET]       GHOSTNET: the program, by default build/release/bin/ghostnet
#
# Installs js-libp2p as package-lock.json pins it. Where Node is missing or the packages cannot be had it says so and exits
# with 77, which test runners take for "skipped".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ghostnet=${1:-$here/../../../build/release/bin/ghostnet}
source "$here/../peers.sh"

[[ -x $ghostnet ]] || fail "no program at $ghostnet: build it, or name it"
needs node npm
cp "$here"/package*.json "$here"/*.mjs "$work"
(cd "$work" && timeout 300 npm ci --no-audit --no-fund >install.log 2>&1) ||
  without "js-libp2p" "$work/install.log" npm view libp2p version

foreign() { cd "$work" && exec node peer.mjs "$security"; }

# What holds whoever dialled: identify, gossip and the DHT both ways.
speak() {
  await "$at/peer.out" "\"identified\":\"${ours##*/}\",\"agent\":\"ghostnet/.*\"signed_record\":true,\"security\":\"/$1.*\"muxer\":\"/yamux/1.0.0\""
  await "$at/node.out" "\"mesh\",\"peers\":\\[\"${theirs##*/}\"\\]"
  await "$at/peer.out" "\"graft\""
  peer '{"do":"publish","topic":"news","data":"from js"}' '"did":"publish","ok":true'
  await "$at/node.out" "\"data\":\"$(base64_of 'from js')\".*\"from\":\"${theirs##*/}\""
  node "{\"id\":1,\"do\":\"publish\",\"topic\":\"news\",\"data\":\"$(base64_of 'from ghostnet')\"}" '"id":1,.*"ok":true'
  await "$at/peer.out" "\"message\":\"from ghostnet\",\"from\":\"${ours##*/}\""
  peer '{"do":"put","key":"/v/js","value":"1"}' '"did":"put","ok":true,"stored":1'
  node "{\"id\":2,\"do\":\"dht_get\",\"key\":\"$(base64_of /v/js)\"}" "\"id\":2,\"ok\":true,\"value\":\"$(base64_of 1)\""
  node "{\"id\":3,\"do\":\"dht_put\",\"key\":\"$(base64_of /v/ghostnet)\",\"value\":\"$(base64_of 2)\"}" '"id":3,"ok":true'
  peer '{"do":"get","key":"/v/ghostnet"}' '"did":"get","ok":true,"value":"2"'
}

for security in noise tls; do
  echo "ghostnet dials js-libp2p: $security"
  meet $security-ours --security $security
  "$ghostnet" ping "$theirs" --security $security --count 2 --json >"$at/ping.out" 2>"$at/ping.err" || fail "ping $theirs" "$at/ping.err" "$at/peer.err"
  grep -q "\"security\": \"/$security" "$at/ping.out" || fail "not secured by $security" "$at/ping.out"
  grep -q '"/ipfs/ping/1.0.0"' "$at/ping.out" || fail "identify did not tell the protocols" "$at/ping.out"
  node "{\"id\":4,\"do\":\"dial\",\"addr\":\"$theirs\"}" '"id":4,"ok":true'
  speak $security
  part
  echo "js-libp2p dials ghostnet: $security"
  meet $security-theirs --security $security
  peer "{\"do\":\"dial\",\"addr\":\"$ours\"}" '"did":"dial","ok":true'
  speak $security
  # Not before js-libp2p has pinged us for its DHT: it pings a peer once at a time, and leaves it out when that fails.
  peer "{\"do\":\"ping\",\"addr\":\"$ours\"}" '"did":"ping","ok":true,"rtt_ms":[0-9]'
  peer "{\"do\":\"dial\",\"addr\":\"${ours%/*}/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA\"}" '"did":"dial","ok":false'
  part
done
echo "OK"
