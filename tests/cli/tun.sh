#!/usr/bin/env bash
# tun.sh GHOSTNET: `ghostnet tun` in a network namespace of its own: ping and curl of others through our stack, over a
# clean line and a bad one, both ways; what it writes; what it says to wrong input. Skipped (77) where that cannot be.
set -uo pipefail
[[ -e /dev/net/tun ]] && unshare --net true 2>/dev/null || { echo "no privilege for network namespaces"; exit 77; }
for needed in ip ping curl python3; do
  command -v "$needed" >/dev/null || { echo "no $needed"; exit 77; }
done
[[ ${GHOSTNET_INSIDE:-} ]] || GHOSTNET_INSIDE=1 exec unshare --net bash "$0" "$@"

set -- "$1" ""
. "$(dirname "$0")/expect.sh"
ip link set lo up
head -c 3000000 /dev/urandom >page
python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 &
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$place"' EXIT

# begin WORDS...: in the background, until it says that the device is up.
begin() {
  "$program" tun --device wire --address 10.9.0.2/24 --address fd09::2/64 --kernel 10.9.0.1/24 --kernel fd09::1/64 \
    "$@" >said 2>&1 &
  run=$!
  for ((i = 0; i < 100; ++i)); do
    grep -q 'is up' said && return
    sleep 0.1
  done
  echo "not up: $(cat said)"
  failed=1
}
fetch() { curl -sS --retry 5 --retry-all-errors --retry-delay 1 --max-time 60 -o got "$1" && cmp got page; }

begin --forward 8080=localhost:8000 --reach 127.0.0.1:9000=10.9.0.2:8080 --echo 7007 \
  --pcap tun.pcapng --trace tun.jsonl --status 1s
ping -c 3 -i 0.1 -W 2 10.9.0.2 >/dev/null || { echo "no ping"; failed=1; }
ping -c 3 -i 0.1 -W 2 fd09::2 >/dev/null || { echo "no ping of IPv6"; failed=1; }
fetch http://10.9.0.2:8080/page || { echo "not fetched through --forward"; failed=1; }
fetch 'http://[fd09::2]:8080/page' || { echo "not fetched through --forward over IPv6"; failed=1; }
fetch http://127.0.0.1:9000/page || { echo "not fetched through --reach"; failed=1; }
# A connection that is there while tables and traces are written.
exec 3<>/dev/tcp/10.9.0.2/7007 && echo hello >&3 && read -r -t 5 answer <&3
is "--echo answers" "${answer:-}" hello
sleep 1.2
exec 3>&-
kill -INT $run
wait $run
is "after a signal: exit code" $? 130
# Of the connection of then, and of what came of it: fetched pages, and nothing that is left.
row='^ESTABLISHED +10\.9\.0\.2:7007 +10\.9\.0\.1:[0-9]+ +[1-9][0-9]* +0 +0 +0 +[0-9.]+ ms +[0-9]+ +0$'
grep -Eq "$row" said || { echo "the connection is not in a table: $(cat said)"; failed=1; }
sent=$(grep 'segments sent' said | tail -1 | sed -E 's/.*; ([0-9]+) segments sent.*/\1/')
((${sent:-0} > 100)) || { echo "the last table tells of ${sent:-no} segments: $(cat said)"; failed=1; }
is "the capture begins as pcapng" "$(head -c 4 tun.pcapng | od -An -tx1)" " 0a 0d 0d 0a"
(($(stat -c %s tun.pcapng) > 3000000)) || { echo "the capture has $(stat -c %s tun.pcapng) bytes"; failed=1; }
if command -v tshark >/dev/null; then
  is "Wireshark finds nothing malformed" "$(tshark -r tun.pcapng -Y _ws.malformed 2>/dev/null | wc -l)" 0
  # Beside each segment of ours stands how its connection is.
  told=$(tshark -r tun.pcapng -Y 'tcp.srcport == 8080 and frame.comment matches "^ESTABLISHED cwnd [0-9]+ .* srtt "' 2>/dev/null | wc -l)
  ((told > 20)) || { echo "Wireshark sees the state of the connection beside $told segments"; failed=1; }
fi
grep -q '"state": "ESTABLISHED"' tun.jsonl || { echo "no trace of a connection"; failed=1; }

begin --forward 8080=127.0.0.1:8000 --line delay=5ms --line loss=1% --line reorder=1% --tcp congestion=newreno \
  --tcp sack=false --for 60s
fetch http://10.9.0.2:8080/page || { echo "not fetched over a bad line"; failed=1; }
kill -TERM $run
wait $run

begin --no-offload --for 1s
wait $run
is "after --for: exit code" $? 0
ends "no address" 2 "--address" "$program" tun
ends "a wrong address" 2 "expected ADDRESS/BITS" "$program" tun --address 10.9.0
ends "one address for both" 2 "our stack has this address" "$program" tun --address 10.9.0.2/24 --kernel 10.9.0.2/24
ends "a wrong key" 2 "congestion" "$program" tun --address 10.9.0.2/24 --tcp congestoin=cubic
ends "a wrong value" 2 "cubic" "$program" tun --address 10.9.0.2/24 --tcp congestion=fast
ends "a wrong rule" 2 "PORT=HOST:PORT" "$program" tun --address 10.9.0.2/24 --forward 80
ends "a namespace that is not there" 2 "nowhere" "$program" tun --address 10.9.0.2/24 --netns nowhere
exit $failed
