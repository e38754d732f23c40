#!/usr/bin/env bash
# ghostnet's libp2p against go-libp2p, both as dialer and as listener: Noise, TLS, yamux, identify, ping, gossipsub with signed
# messages, the DHT's values and providers, on loopback.
#
#   tests/interop/libp2p/run.sh [GHOSTNET]       GHOSTNET: the program, by default build/release/bin/ghostnet
#
# Builds the Go peer beside this script (go/, pinned by go.mod and go.sum). Where there is no Go, or its modules cannot be
# had, it says so and exits with 77, which test runners take for "skipped".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ghostnet=${1:-$here/../../../build/release/bin/ghostnet}
source "$here/../peers.sh"

[[ -x $ghostnet ]] || fail "no program at $ghostnet: build it, or name it"
needs go
(cd "$here/go" && go mod download >"$work/modules.log" 2>&1) ||
  without "go-libp2p" "$work/modules.log" env GOFLAGS=-mod=mod go list -m -versions github.com/libp2p/go-libp2p
(cd "$here/go" && go build -o "$work/peer" . >"$work/build.log" 2>&1) || fail "the Go peer does not build" "$work/build.log"

# dials_go SECURITY KEY: ghostnet dials a go-libp2p that has this security only, and an identity of this kind.
dials_go() {
  echo "ghostnet dials go-libp2p: $1, $2"
  local at=$work/dials-$1-$2
  mkdir "$at" && mkfifo "$at/hold"
  "$work/peer" -security "$1" -key "$2" listen <"$at/hold" >"$at/go.out" 2>"$at/go.err" &
  pids+=($!)
  exec 3>"$at/hold"
  await "$at/go.out" '"addr"'
  local address
  address=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$at/go.out")
  "$ghostnet" ping "$address" --count 2 --json >"$at/ping.out" 2>"$at/ping.err" || fail "ping $address" "$at/ping.err" "$at/go.err"
  grep -q "\"security\": \"/$1" "$at/ping.out" || fail "not secured by $1" "$at/ping.out"
  grep -q '"muxer": "/yamux/1.0.0"' "$at/ping.out" || fail "not multiplexed by yamux" "$at/ping.out"
  grep -q '"/ipfs/ping/1.0.0"' "$at/ping.out" || fail "identify did not tell the protocols" "$at/ping.out"
  await "$at/go.out" '"identified"'
  grep -q '"agent":"ghostnet/' "$at/go.out" || fail "go-libp2p did not identify us" "$at/go.out"
  grep -q '"ping_ok":true' "$at/go.out" || fail "go-libp2p's ping over our connection" "$at/go.out"
  grep -q '"signed_record":true' "$at/go.out" || fail "go-libp2p took no signed record of ours" "$at/go.out"
  if "$ghostnet" ping "${address%/*}/$nobody" --count 1 >"$at/wrong.out" 2>&1; then fail "another peer was taken for it" "$at/wrong.out"; fi
  grep -q "was dialled and" "$at/wrong.out" || fail "another peer was refused for another reason" "$at/wrong.out"
  exec 3>&-
}

# is_dialled SECURITY KEY: a go-libp2p that has this security only dials ghostnet.
is_dialled() {
  echo "go-libp2p dials ghostnet: $1, $2"
  local at=$work/is-dialled-$1-$2
  mkdir "$at" && mkfifo "$at/commands"
  "$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 <"$at/commands" >"$at/node.out" 2>"$at/node.err" &
  pids+=($!)
  exec 4>"$at/commands"
  await "$at/node.out" '"listening"'
  local address
  address=$(address_in "$at/node.out")
  "$work/peer" -security "$1" -key "$2" dial "$address" >"$at/dial.out" 2>"$at/dial.err" || fail "go-libp2p dials $address" "$at/dial.err" "$at/node.out" "$at/node.err"
  grep -q '"agent":"ghostnet/' "$at/dial.out" || fail "go-libp2p did not identify us" "$at/dial.out"
  grep -q '"early_muxer":true' "$at/dial.out" || fail "the muxer was not agreed within the handshake" "$at/dial.out"
  grep -q "\"security\":\"/$1" "$at/dial.out" || fail "not secured by $1" "$at/dial.out"
  grep -q '"muxer":"/yamux/1.0.0"' "$at/dial.out" || fail "not multiplexed by yamux" "$at/dial.out"
  if "$work/peer" -security "$1" dial "${address%/*}/$nobody" >"$at/wrong.out" 2>&1; then fail "go-libp2p took us for another" "$at/wrong.out"; fi
  await "$at/node.out" '"connected"'
  await "$at/node.out" '"disconnected"'
  echo '{"id": 1, "do": "quit"}' >&4
  await "$at/node.out" '"ok":true'
  exec 4>&-
}

nobody=12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA
for security in noise tls; do
  for key in ed25519 rsa; do dials_go $security $key; done
  for key in ed25519 secp256k1 ecdsa; do is_dialled $security $key; done
done

echo "gossip and the DHT, both ways, with an identity whose key travels in its messages"
multihash_of() { { printf '\x12\x20'; printf '%s' "$1" | sha256sum | xxd -r -p; } | base64 -w0; }
mkfifo "$work/go.in" "$work/mesh.in"
"$work/peer" -key rsa mesh <"$work/go.in" >"$work/mesh-go.out" 2>"$work/mesh-go.err" &
pids+=($!)
exec 5>"$work/go.in"
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --topic news --dht server <"$work/mesh.in" >"$work/mesh.out" 2>"$work/mesh.err" &
pids+=($!)
exec 6>"$work/mesh.in"
await "$work/mesh.out" '"listening"'
await "$work/mesh-go.out" '"addr"'
address=$(address_in "$work/mesh.out")
ours=${address##*/}
theirs=$(sed -n 's#.*/p2p/\([^"]*\)".*#\1#p' "$work/mesh-go.out")
printf '{"do":"join","topic":"news"}\n{"do":"dial","addr":"%s"}\n' "$address" >&5
await "$work/mesh.out" "\"mesh\",\"peers\":\\[\"$theirs\"\\]"
echo '{"do":"publish","topic":"news","data":"from go"}' >&5
await "$work/mesh.out" "\"data\":\"$(base64_of 'from go')\".*\"from\":\"$theirs\""
echo "{\"id\":1,\"do\":\"publish\",\"topic\":\"news\",\"data\":\"$(base64_of 'from ghostnet')\"}" >&6
await "$work/mesh-go.out" "\"from\":\"$ours\",\"message\":\"from ghostnet\""
echo '{"do":"put","key":"/v/go","value":"1"}' >&5
await "$work/mesh-go.out" '"did":"put","result"'
echo "{\"id\":2,\"do\":\"dht_get\",\"key\":\"$(base64_of /v/go)\"}" >&6
await "$work/mesh.out" "\"id\":2,\"ok\":true,\"value\":\"$(base64_of 1)\""
echo "{\"id\":3,\"do\":\"dht_put\",\"key\":\"$(base64_of /v/ghostnet)\",\"value\":\"$(base64_of 2)\"}" >&6
await "$work/mesh.out" '"id":3,"ok":true'
echo '{"do":"get","key":"/v/ghostnet"}' >&5
await "$work/mesh-go.out" '"did":"get","result":"2"'
echo '{"do":"provide","key":"theirs"}' >&5
await "$work/mesh-go.out" '"did":"provide","result"'
echo "{\"id\":4,\"do\":\"dht_providers\",\"cid\":\"$(multihash_of theirs)\"}" >&6
await "$work/mesh.out" "\"id\":4,\"ok\":true,\"providers\":\\[\"$theirs\"\\]"
echo "{\"id\":5,\"do\":\"dht_provide\",\"cid\":\"$(multihash_of ours)\"}" >&6
await "$work/mesh.out" '"id":5,"ok":true'
echo '{"do":"providers","key":"ours"}' >&5
await "$work/mesh-go.out" "\"did\":\"providers\",\"result\":\\[\"$ours\"\\]"
path=/ipfs/bafkqac3jobxhgidsn5rww4yk
echo "{\"do\":\"name\",\"value\":\"$path\"}" >&5
await "$work/mesh-go.out" '"did":"name","result"'
echo "{\"id\":6,\"do\":\"name_resolve\",\"peer\":\"$theirs\"}" >&6
await "$work/mesh.out" "\"id\":6,\"ok\":true,\"path\":\"$path\""
echo "{\"id\":7,\"do\":\"name_publish\",\"path\":\"$path\"}" >&6
await "$work/mesh.out" '"id":7,"ok":true'
echo "{\"do\":\"resolve\",\"peer\":\"$ours\"}" >&5
await "$work/mesh-go.out" "\"did\":\"resolve\",\"result\":\"$path\""

echo "a mixed mesh of twenty: gossip and the DHT through both"
"$work/peer" mixed "$ghostnet" >"$work/mixed.out" 2>"$work/mixed.err" || fail "the mixed mesh" "$work/mixed.out" "$work/mixed.err"
cat "$work/mixed.out"

transport_peer=$(dirname "$ghostnet")/transport_peer
if command -v redis-server >/dev/null && [[ -x $transport_peer ]]; then
  echo "the contract of the libp2p project's transport tests"
  redis_port=$((20000 + RANDOM % 10000))
  redis-server --port $redis_port --bind 127.0.0.1 --save '' --appendonly no >"$work/redis.out" &
  pids+=($!)
  for security in noise tls; do
    said=(env transport=tcp muxer=yamux security=$security redis_addr=127.0.0.1:$redis_port test_timeout_seconds=20)
    "${said[@]}" is_dialer=false ip=127.0.0.1 "$transport_peer" 2>"$work/listener.err" &
    pids+=($!)
    "${said[@]}" is_dialer=true "$transport_peer" >"$work/contract.out" 2>"$work/contract.err" ||
      fail "the dialer, $security" "$work/contract.err" "$work/listener.err"
    grep -Eq '^\{"handshakePlusOneRTTMillis":[0-9.]+,"pingRTTMilllis":[0-9.]+\}$' "$work/contract.out" || fail "its line" "$work/contract.out"
    echo "$security: $(cat "$work/contract.out")"
  done
else
  [[ ! ${CI:-} ]] || fail "redis-server or $transport_peer is missing"
  echo "left out: the contract of the transport tests, which takes redis-server and transport_peer"
fi
echo "OK"
