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

# One node of each kind, joined by a connection that one of them dialled.
start() { # security, who dials
  at=$work/$1-$2
  mkdir "$at" && mkfifo "$at/js.in" "$at/node.in"
  (cd "$work" && exec node peer.mjs "$1") <"$at/js.in" >"$at/js.out" 2>"$at/js.err" &
  pids+=($!)
  exec 5>"$at/js.in"
  "$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --security "$1" --topic news --dht server <"$at/node.in" >"$at/node.out" 2>"$at/node.err" &
  pids+=($!)
  exec 6>"$at/node.in"
  await "$at/js.out" '"addr"'
  await "$at/node.out" '"listening"'
  theirs=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$at/js.out")
  ours=$(address_in "$at/node.out")
  js '{"do":"join","topic":"news"}' '"did":"join","ok":true'
}
js() { echo "$1" >&5; await "$at/js.out" "$2"; }
node() { echo "$1" >&6; await "$at/node.out" "$2"; }
stop() {
  echo '{"id": 99, "do": "quit"}' >&6
  exec 5>&- 6>&-
}

# What holds whoever dialled: identify, gossip and the DHT both ways.
speak() {
  await "$at/js.out" "\"identified\":\"${ours##*/}\",\"agent\":\"ghostnet/.*\"signed_record\":true,\"security\":\"/$1.*\"muxer\":\"/yamux/1.0.0\""
  await "$at/node.out" "\"mesh\",\"peers\":\\[\"${theirs##*/}\"\\]"
  await "$at/js.out" "\"graft\""
  js '{"do":"publish","topic":"news","data":"from js"}' '"did":"publish","ok":true'
  await "$at/node.out" "\"data\":\"$(base64_of 'from js')\".*\"from\":\"${theirs##*/}\""
  node "{\"id\":1,\"do\":\"publish\",\"topic\":\"news\",\"data\":\"$(base64_of 'from ghostnet')\"}" '"id":1,.*"ok":true'
  await "$at/js.out" "\"message\":\"from ghostnet\",\"from\":\"${ours##*/}\""
  js '{"do":"put","key":"/v/js","value":"1"}' '"did":"put","ok":true,"stored":1'
  node "{\"id\":2,\"do\":\"dht_get\",\"key\":\"$(base64_of /v/js)\"}" "\"id\":2,\"ok\":true,\"value\":\"$(base64_of 1)\""
  node "{\"id\":3,\"do\":\"dht_put\",\"key\":\"$(base64_of /v/ghostnet)\",\"value\":\"$(base64_of 2)\"}" '"id":3,"ok":true'
  js '{"do":"get","key":"/v/ghostnet"}' '"did":"get","ok":true,"value":"2"'
}

for security in noise tls; do
  echo "ghostnet dials js-libp2p: $security"
  start $security ours
  "$ghostnet" ping "$theirs" --security $security --count 2 --json >"$at/ping.out" 2>"$at/ping.err" || fail "ping $theirs" "$at/ping.err" "$at/js.err"
  grep -q "\"security\": \"/$security" "$at/ping.out" || fail "not secured by $security" "$at/ping.out"
  grep -q '"/ipfs/ping/1.0.0"' "$at/ping.out" || fail "identify did not tell the protocols" "$at/ping.out"
  node "{\"id\":4,\"do\":\"dial\",\"addr\":\"$theirs\"}" '"id":4,"ok":true'
  speak $security
  stop
  echo "js-libp2p dials ghostnet: $security"
  start $security theirs
  js "{\"do\":\"dial\",\"addr\":\"$ours\"}" '"did":"dial","ok":true'
  speak $security
  # Not before js-libp2p has pinged us for its DHT: it pings a peer once at a time, and leaves it out when that fails.
  js "{\"do\":\"ping\",\"addr\":\"$ours\"}" '"did":"ping","ok":true,"rtt_ms":[0-9]'
  js "{\"do\":\"dial\",\"addr\":\"${ours%/*}/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA\"}" '"did":"dial","ok":false'
  stop
done
echo "OK"
