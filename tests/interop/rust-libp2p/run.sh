#!/usr/bin/env bash
# ghostnet's libp2p against rust-libp2p, both as dialer and as listener: Noise, yamux, identify, ping, gossipsub with signed
# messages, the DHT's values and providers, on loopback.
#
#   tests/interop/rust-libp2p/run.sh [GHOSTNET]       GHOSTNET: the program, by default build/release/bin/ghostnet
#
# Builds the Rust peer beside this script, of the versions in Cargo.toml. Where there is no Rust, or its crates cannot be had,
# it says so and exits with 77, which test runners take for "skipped".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ghostnet=${1:-$here/../../../build/release/bin/ghostnet}
source "$here/../peers.sh"
PATH=$PATH:$HOME/.cargo/bin

[[ -x $ghostnet ]] || fail "no program at $ghostnet: build it, or name it"
needs cargo xxd
cp -r "$here/Cargo.toml" "$here/src" "$work"
(cd "$work" && cargo fetch --target "$(rustc -vV | sed -n 's/^host: //p')" >fetch.log 2>&1) ||
  without "rust-libp2p" "$work/fetch.log" cargo info libp2p
(cd "$work" && CARGO_TARGET_DIR=${GHOSTNET_RUST_TARGET:-$work/target} cargo build --offline --message-format short >build.log 2>&1) ||
  fail "the Rust peer does not build" "$work/build.log"
program=${GHOSTNET_RUST_TARGET:-$work/target}/debug/ghostnet-interop-rust-libp2p

foreign() { exec "$program"; }
multihash_of() { printf '1220'; printf '%s' "$1" | sha256sum | cut -d' ' -f1; }

# What holds whoever dialled: identify, ping, gossip and the DHT both ways. Of an object's keys the order is not told.
speak() {
  await "$at/node.out" '"muxer":"/yamux/1.0.0".*"security":"/noise"'
  await "$at/peer.out" "\"agent\":\"ghostnet/.*\"identified\":\"${ours##*/}\".*\"/ipfs/ping/1.0.0\""
  await "$at/peer.out" "\"ok\":true,\"pinged\":\"${ours##*/}\""
  await "$at/node.out" "\"mesh\",\"peers\":\\[\"${theirs##*/}\"\\]"
  await "$at/peer.out" "\"subscribed\":\"${ours##*/}\",\"topic\":\"news\""
  peer '{"do":"publish","topic":"news","data":"from rust"}' '"did":"publish","ok":true'
  await "$at/node.out" "\"data\":\"$(base64_of 'from rust')\".*\"from\":\"${theirs##*/}\""
  node "{\"id\":1,\"do\":\"publish\",\"topic\":\"news\",\"data\":\"$(base64_of 'from ghostnet')\"}" '"id":1,.*"ok":true'
  await "$at/peer.out" "\"from\":\"${ours##*/}\",\"message\":\"from ghostnet\""
  peer '{"do":"put","key":"/v/rust","value":"1"}' '"did":"put","ok":true'
  node "{\"id\":2,\"do\":\"dht_get\",\"key\":\"$(base64_of /v/rust)\"}" "\"id\":2,\"ok\":true,\"value\":\"$(base64_of 1)\""
  node "{\"id\":3,\"do\":\"dht_put\",\"key\":\"$(base64_of /v/ghostnet)\",\"value\":\"$(base64_of 2)\"}" '"id":3,"ok":true'
  peer '{"do":"get","key":"/v/ghostnet"}' '"did":"get","ok":true,"value":"2"'
  peer "{\"do\":\"provide\",\"key\":\"$(multihash_of theirs)\"}" '"did":"provide","ok":true'
  node "{\"id\":4,\"do\":\"dht_providers\",\"cid\":\"$(multihash_of theirs | xxd -r -p | base64 -w0)\"}" "\"id\":4,\"ok\":true,\"providers\":\\[\"${theirs##*/}\"\\]"
  node "{\"id\":5,\"do\":\"dht_provide\",\"cid\":\"$(multihash_of ours | xxd -r -p | base64 -w0)\"}" '"id":5,"ok":true'
  peer "{\"do\":\"providers\",\"key\":\"$(multihash_of ours)\"}" "\"did\":\"providers\",\"ok\":true,\"value\":\\[\"${ours##*/}\"\\]"
}

echo "ghostnet dials rust-libp2p"
meet ours
"$ghostnet" ping "$theirs" --count 2 --json >"$at/ping.out" 2>"$at/ping.err" || fail "ping $theirs" "$at/ping.err" "$at/peer.err"
grep -q '"/ipfs/ping/1.0.0"' "$at/ping.out" || fail "identify did not tell the protocols" "$at/ping.out"
node "{\"id\":6,\"do\":\"dial\",\"addr\":\"$theirs\"}" '"id":6,"ok":true'
speak
part
echo "rust-libp2p dials ghostnet"
meet theirs
peer "{\"do\":\"dial\",\"addr\":\"$ours\"}" '"did":"dial","ok":true'
speak
peer "{\"do\":\"dial\",\"addr\":\"${ours%/*}/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA\"}" '"did":"dial",.*"ok":false'
part
echo "OK"
