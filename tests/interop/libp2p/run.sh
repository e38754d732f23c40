#!/usr/bin/env bash
# ghostnet's libp2p against go-libp2p, both as dialer and as listener: Noise, yamux, identify, ping, gossipsub with signed
# messages, the DHT's values and providers, on loopback.
#
#   tests/interop/libp2p/run.sh [GHOSTNET]       GHOSTNET: the program, by default build/release/bin/ghostnet
#
# Builds the Go peer beside this script (go/, pinned by go.mod and go.sum). Where there is no Go, or its modules cannot be
# had, it says so and exits with 77, which test runners take for "skipped".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ghostnet=${1:-$here/../../../build/release/bin/ghostnet}
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
fail() { echo "FAILED: $1"; shift; for file in "$@"; do echo "--- $file"; cat "$file"; done; exit 1; }
# Waits until the file has a line that matches, for ten seconds.
await() {
  for _ in $(seq 100); do
    grep -q "$2" "$1" && return 0
    sleep 0.1
  done
  fail "no line with $2" "$1"
}

[[ -x $ghostnet ]] || fail "no program at $ghostnet: build it, or name it"
command -v go >/dev/null || skip "Go is not installed"
(cd "$here/go" && go build -o "$work/peer" . 2>"$work/build.log") ||
  { (cd "$here/go" && go mod download >/dev/null 2>&1) || skip "the Go modules cannot be had"; fail "the Go peer does not build" "$work/build.log"; }

echo "ghostnet dials go-libp2p"
mkfifo "$work/hold"
"$work/peer" listen <"$work/hold" >"$work/go.out" 2>"$work/go.err" &
pids+=($!)
exec 3>"$work/hold"
await "$work/go.out" '"addr"'
address=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$work/go.out")
"$ghostnet" ping "$address" --count 2 --json >"$work/ping.out" 2>"$work/ping.err" || fail "ping $address" "$work/ping.err" "$work/go.err"
grep -q '"security": "/noise"' "$work/ping.out" || fail "not secured by Noise" "$work/ping.out"
grep -q '"muxer": "/yamux/1.0.0"' "$work/ping.out" || fail "not multiplexed by yamux" "$work/ping.out"
grep -q '"/ipfs/ping/1.0.0"' "$work/ping.out" || fail "identify did not tell the protocols" "$work/ping.out"
await "$work/go.out" '"identified"'
grep -q '"agent":"ghostnet/' "$work/go.out" || fail "go-libp2p did not identify us" "$work/go.out"
grep -q '"ping_ok":true' "$work/go.out" || fail "go-libp2p's ping over our connection" "$work/go.out"
grep -q '"signed_record":true' "$work/go.out" || fail "go-libp2p took no signed record of ours" "$work/go.out"

echo "go-libp2p dials ghostnet"
mkfifo "$work/commands"
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 <"$work/commands" >"$work/node.out" 2>"$work/node.err" &
pids+=($!)
exec 4>"$work/commands"
await "$work/node.out" '"listening"'
address=$(sed -n 's/.*"addr":"\([^"]*\)".*"listening".*/\1/p' "$work/node.out")
"$work/peer" dial "$address" >"$work/dial.out" 2>"$work/dial.err" || fail "go-libp2p dials $address" "$work/dial.err" "$work/node.out" "$work/node.err"
grep -q '"agent":"ghostnet/' "$work/dial.out" || fail "go-libp2p did not identify us" "$work/dial.out"
grep -q '"early_muxer":true' "$work/dial.out" || fail "the muxer was not agreed within Noise" "$work/dial.out"
grep -q '"muxer":"/yamux/1.0.0"' "$work/dial.out" || fail "not multiplexed by yamux" "$work/dial.out"
await "$work/node.out" '"connected"'
await "$work/node.out" '"disconnected"'
echo '{"id": 1, "do": "quit"}' >&4
await "$work/node.out" '"ok":true'

echo "gossip and the DHT, both ways"
base64_of() { printf '%s' "$1" | base64 -w0; }
multihash_of() { { printf '\x12\x20'; printf '%s' "$1" | sha256sum | xxd -r -p; } | base64 -w0; }
mkfifo "$work/go.in" "$work/mesh.in"
"$work/peer" mesh <"$work/go.in" >"$work/mesh-go.out" 2>"$work/mesh-go.err" &
pids+=($!)
exec 5>"$work/go.in"
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --topic news --dht server <"$work/mesh.in" >"$work/mesh.out" 2>"$work/mesh.err" &
pids+=($!)
exec 6>"$work/mesh.in"
await "$work/mesh.out" '"listening"'
await "$work/mesh-go.out" '"addr"'
address=$(sed -n 's/.*"addr":"\([^"]*\)".*"listening".*/\1/p' "$work/mesh.out")
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
echo "OK"
