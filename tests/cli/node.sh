#!/usr/bin/env bash
# ghostnet node as its users meet it: two nodes over TLS, metrics, the trace, the gate, wrong input, a clean end.
#
#   node.sh GHOSTNET
set -euo pipefail
ghostnet=$1
source "$(dirname "$0")/../interop/peers.sh"
# http REQUEST-LINE: what the endpoint answers, in full.
http() {
  exec 9<>"/dev/tcp/127.0.0.1/$metrics_port"
  printf '%s\r\nHost: x\r\n\r\n' "$1" >&9
  timeout 10 cat <&9
  exec 9>&- 9<&-
}

mkfifo "$work/a.in" "$work/b.in"
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --topic news --key "$work/a.key" --metrics 127.0.0.1:0 --trace "$work/trace" \
  <"$work/a.in" >"$work/a.out" 2>"$work/a.err" &
a=$!
pids+=($a)
exec 5>"$work/a.in"
await "$work/a.out" '"listening"'
address=$(address_in "$work/a.out")
metrics_port=$(sed -n 's#.*"url":"http://127.0.0.1:\([0-9]*\)/metrics".*#\1#p' "$work/a.out")

"$ghostnet" node --topic news --security tls --peer "$address" <"$work/b.in" >"$work/b.out" 2>"$work/b.err" &
b=$!
pids+=($b)
exec 6>"$work/b.in"
await "$work/b.out" '"security":"/tls/1.0.0"'
await "$work/a.out" '"mesh","peers":\["'
echo '{"id": 1, "do": "publish", "topic": "news", "data": "aGVsbG8="}' >&6
await "$work/a.out" '"data":"aGVsbG8="'
await "$work/b.out" '"id":1,"message_id"'

http 'GET /metrics HTTP/1.1' >"$work/metrics"
grep -q '^HTTP/1.1 200 OK' "$work/metrics" || fail "GET /metrics" "$work/metrics"
grep -q '^ghostnet_libp2p_connections 1' "$work/metrics" || fail "one connection" "$work/metrics"
grep -q '^ghostnet_gossipsub_delivered_total 1' "$work/metrics" || fail "one delivery" "$work/metrics"
for row in '404 GET /other HTTP/1.1' '405 DELETE /metrics HTTP/1.1' '400 nonsense'; do
  http "${row#* }" >"$work/http"
  grep -q "^HTTP/1.1 ${row%% *}" "$work/http" || fail "$row" "$work/http"
done

# Wrong commands are answered, and end nothing.
printf '%s\n' 'no json' '{"id": 2, "do": "ping", "peer": "nobody"}' '{"id": 3, "do": "frobnicate"}' '{"id": 4, "do": "publish", "topic": "news", "data": "%%"}' \
  '{"id": 5, "do": "dial", "addr": "/ip4/127.0.0.1/tcp/1"}' '{"id": 6, "do": "dht_get", "key": "aGk="}' \
  '{"id": 9, "do": "name_resolve"}' '{"id": 7, "do": "peers"}' >&5
await "$work/a.out" '"event":"error","what":"a command is one JSON object'
for id in 2 3 4 5 6; do await "$work/a.out" "\"error\":.*\"id\":$id,\"ok\":false"; done
await "$work/a.out" '"error":"name_resolve needs a \\"peer\\"","id":9,"ok":false'
await "$work/a.out" '"id":7,"ok":true,"peers":\["'

echo '{"id": 8, "do": "quit"}' >&6
wait $b || fail "quit" "$work/b.err"
await "$work/a.out" '"disconnected"'
kill -TERM $a
code=0
wait $a || code=$?
[[ $code == 130 ]] || fail "a signal: exit code $code" "$work/a.err"
for event in '"type":9,.*"join":{"topic":"news"}' '"type":4,.*"addPeer":{"peerID":"[^"]*","proto":"/meshsub/1.2.0"}' '"type":11,' \
  '"type":3,.*"deliverMessage":{"messageID":"[^"]*","receivedFrom":"[^"]*","topic":"news"}' '"type":5,'; do
  grep -q "$event" "$work/trace" || fail "the trace has no $event" "$work/trace"
done

# The key is kept, and the gate keeps others out.
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --key "$work/a.key" --deny 127.0.0.0/8 <"$work/a.in" >"$work/c.out" 2>"$work/c.err" 5>&- 6>&- &
c=$!
pids+=($c)
exec 5>"$work/a.in"
await "$work/c.out" '"listening"'
again=$(address_in "$work/c.out")
[[ ${again##*/} == "${address##*/}" ]] || fail "the identity changed: $again"
if "$ghostnet" ping "$again" --count 1 >"$work/ping.out" 2>&1; then fail "a denied address was admitted" "$work/ping.out"; fi
exec 5>&-
wait $c || fail "the end of standard input" "$work/c.err"

# What standard input may bring: no end of the last line, a line beyond all bounds, values within values, and an end
# while a command is under way.
printf '{"id":1,"do":"peers"}' | "$ghostnet" node >"$work/last" || fail "a last line without its end"
grep -q '"id":1,"ok":true' "$work/last" || fail "the last line was not followed" "$work/last"
{ head -c 3000000 /dev/zero | tr '\0' x; printf '\n{"id":2,"do":"peers"}\n'; } | "$ghostnet" node >"$work/long" || fail "a long line"
grep -q 'at most 1048576 bytes' "$work/long" || fail "nothing was said of a long line" "$work/long"
grep -q '"id":2,"ok":true' "$work/long" || fail "the line behind a long one was not followed" "$work/long"
nested=$(printf '[%.0s' {1..20000})
printf '{"id":%s,"do":"peers"}\n{"id":3,"do":"peers"}\n' "$nested${nested//\[/]}" | "$ghostnet" node >"$work/deep" || fail "values within values"
grep -q 'at most 32 values within each other' "$work/deep" || fail "nothing was said of values within values" "$work/deep"
grep -q '"id":3,"ok":true' "$work/deep" || fail "the line behind was not followed" "$work/deep"
printf '{"id":4,"do":"dial","addr":"/ip4/127.0.0.1/tcp/1"}\n{"do":"quit"}\n' | "$ghostnet" node >"$work/quit" || fail "quit"
grep -q '"error":.*"id":4,"ok":false' "$work/quit" || fail "a command under way at the end had no answer" "$work/quit"

# Without commands it stays although standard input has ended; its bootstrap list brings others to it. One that
# validates delivers and hands on what it is told to.
"$ghostnet" node --no-commands --listen /ip4/127.0.0.1/tcp/0 --topic news </dev/null >"$work/e.out" 2>"$work/e.err" &
e=$!
pids+=($e)
await "$work/e.out" '"listening"'
printf '# peers to begin with\n\n  %s  # the only one\n' "$(address_in "$work/e.out")" >"$work/bootstrap"
chmod 644 "$work/a.key"
mkfifo "$work/f.in"
"$ghostnet" node --bootstrap "$work/bootstrap" --topic news --validate --key "$work/a.key" <"$work/f.in" >"$work/f.out" 2>"$work/f.err" &
f=$!
pids+=($f)
exec 7>"$work/f.in"
await "$work/f.out" '"mesh","peers":\["'
grep -q 'chmod 600' "$work/f.err" || fail "nothing was said of a key that others may read" "$work/f.err"
echo '{"id": 1, "do": "self"}' >&7
await "$work/f.out" '"id":1,"ok":true,"peer":"12D3KooW[^"]*","protocols":\["'
self=$(sed -n 's/.*"id":1,"ok":true,"peer":"\([^"]*\)".*/\1/p' "$work/f.out")
[[ $self == "${address##*/}" ]] || fail "self: $self"
mkfifo "$work/g.in"
"$ghostnet" node --peer "$(address_in "$work/e.out")" --direct "$(address_in "$work/e.out")" --topic news <"$work/g.in" >"$work/g.out" 2>"$work/g.err" &
g=$!
pids+=($g)
exec 8>"$work/g.in"
await "$work/e.out" "\"mesh\",\"peers\":\\[.*$self"
await "$work/g.out" '"connected"'
await "$work/g.out" '"subscribed"'
for data in Z29vZA== YmFk; do echo "{\"id\": 1, \"do\": \"publish\", \"topic\": \"news\", \"data\": \"$data\"}" >&8; done
await "$work/f.out" '"data":"YmFk","event":"validate"'
await "$work/f.out" '"data":"Z29vZA==","event":"validate"'
for row in 'Z29vZA== accept' 'YmFk reject'; do
  seq=$(sed -n "s/.*\"data\":\"${row% *}\",\"event\":\"validate\".*\"seq\":\([0-9]*\).*/\1/p" "$work/f.out")
  echo "{\"id\": 2, \"do\": \"verdict\", \"seq\": $seq, \"verdict\": \"${row#* }\"}" >&7
done
await "$work/f.out" '"data":"Z29vZA==","event":"message"'
printf '%s\n' '{"id":3,"do":"verdict","seq":1}' '{"id":4,"do":"dial"}' '{"id":5,"do":"disconnect","peer":"'"$self"'"}' >&7
for id in 3 4 5; do await "$work/f.out" "\"error\":.*\"id\":$id,\"ok\":false"; done
if grep -q '"data":"YmFk","event":"message"' "$work/f.out"; then fail "what was rejected was delivered" "$work/f.out"; fi
hub=$(address_in "$work/e.out")
echo "{\"id\": 6, \"do\": \"disconnect\", \"peer\": \"${hub##*/}\"}" >&7
await "$work/f.out" '"disconnected"'
kill -TERM $e
code=0
wait $e || code=$?
[[ $code == 130 ]] || fail "a signal without commands: exit code $code" "$work/e.err"
exec 7>&- 8>&-
wait $f || fail "the end of standard input" "$work/f.err"
wait $g || fail "the end of standard input" "$work/g.err"

# refused WORD ARGUMENT...: exit code 2, and a message with the word.
refused() {
  local word=$1 code=0
  shift
  "$ghostnet" node "$@" </dev/null >"$work/refused" 2>&1 || code=$?
  [[ $code == 2 ]] || fail "node $*: exit code $code" "$work/refused"
  grep -q -e "$word" "$work/refused" || fail "node $*: no word of $word" "$work/refused"
}
refused '--deny: foo' --deny foo
refused '--allow: 10.0.0.0/40' --allow 10.0.0.0/40
refused '--metrics 127.0.0.1' --metrics 127.0.0.1
refused '--security foo' --security foo
refused '--dns nowhere' --dns nowhere
refused '--trace -' --trace -
refused '/nonexistent/trace' --trace /nonexistent/trace
refused '1.2.3' --listen /ip4/1.2.3/tcp/4
refused '--dht maybe' --dht maybe
refused '--peer: ' --peer nonsense
refused '/p2p/PEER' --direct /ip4/127.0.0.1/tcp/1
refused '--no-commands does not read' --validate --no-commands
refused '/nonexistent/list' --bootstrap /nonexistent/list
printf '/ip4/127.0.0.1/tcp/1\nnonsense\n' >"$work/list" && refused 'list:2' --bootstrap "$work/list"
mkdir "$work/no.key" && refused 'no.key' --key "$work/no.key"
echo nonsense >"$work/wrong.key" && refused 'wrong.key' --key "$work/wrong.key"
"$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 <"$work/a.in" >"$work/d.out" 2>"$work/d.err" &
d=$!
pids+=($d)
exec 5>"$work/a.in"
await "$work/d.out" '"listening"'
taken=$(address_in "$work/d.out")
refused 'already in use' --listen "${taken%/p2p/*}"
kill -INT $d
code=0
wait $d || code=$?
[[ $code == 130 ]] || fail "Ctrl-C: exit code $code" "$work/d.err"
echo OK
