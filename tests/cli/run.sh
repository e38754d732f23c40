#!/usr/bin/env bash
# `ghostnet run` as its users meet it: what it refuses before anything runs, where its output goes, and what it says when
# that fails.
#
#   tests/cli/run.sh PROGRAM SCENARIOS_DIRECTORY
set -uo pipefail

. "$(dirname "$0")/expect.sh"
# field of a JSON document on standard input, as a Python expression of d
field() { python3 -c "import json, sys; d = json.load(sys.stdin); print(($1))"; }

short=(run "$scenarios/echo.yaml" --until '200 ms' --set 'workload.0.echo.stop=100 ms' --set 'expect=[]')

# A sweep is checked whole before its first run.
ends "a bad value" 2 "network.loss=bad" ghostnet "${short[@]}" --sweep network.loss=1%,bad
ends "an axis twice" 2 "given twice" ghostnet "${short[@]}" --sweep network.loss=1% --sweep network.loss=2%
ends "--seed over a sweep" 2 "--seed another" ghostnet "${short[@]}" --sweep seed=1,2 --seed 5
ends "--until over a sweep" 2 "--until another" ghostnet "${short[@]}" --sweep 'duration=1 s,2 s'
[[ ! -e results.sqlite ]] || is "a refused sweep" "recorded" "not recorded"
is "a swept seed" "$(ghostnet "${short[@]}" --sweep seed=4,7 --repeat 2 --db none --json | field '[int(r["seed"]) for r in d["runs"]]')" "[4, 5, 7, 8]"

# Numbers are taken as they stand or not at all.
for seed in -1 010 0x10 1e3; do
  ends "--seed $seed" 2 "expected a whole number" ghostnet "${short[@]}" "--seed=$seed"
done
ends "--seed of nothing" 2 "" ghostnet "${short[@]}" --seed ''
ends "--repeat 03" 2 "expected a whole number" ghostnet "${short[@]}" --repeat 03
ends "--until 400d" 2 "365 d" ghostnet run "$scenarios/echo.yaml" --until 400d

# Options without effect are not passed over.
ends "--live of a simulation" 2 "add --mode live" ghostnet "${short[@]}" --live netns
ends "--carrier of a live run" 2 "is of simulations" ghostnet "${short[@]}" --mode live --carrier ns3

# Scenarios come out of files and pipes.
ends "a scenario from a pipe" 0 "1 run" bash -c '"$@" <(sed "s/^name: echo/name: 1 run/" "$0")' "$scenarios/echo.yaml" "$program" \
  run --until '200 ms' --set 'workload.0.echo.stop=100 ms' --set 'expect=[]'
ends "a directory for a scenario" 2 "a directory, not a file" ghostnet run "$scenarios"
ends "a device for a scenario" 2 "not a file" ghostnet run /dev/zero

# Captures and logs of several runs do not meet.
ghostnet "${short[@]}" --pcap traces --set record.logs=logs --set record.log_level=trace --repeat 2 --quiet --db none
is "captures of each run" "$(ls traces)" "$(printf 'run-001\nrun-002')"
is "logs of each run" "$(ls logs)" "$(printf 'run-001\nrun-002')"
ghostnet "${short[@]}" --pcap one --quiet
is "captures of the only run" "$(ls one | grep -c pcapng)" "$(ls traces/run-001 | grep -c pcapng)"

# A file that somebody else writes in is waited for, and that is said.
ghostnet "${short[@]}" --quiet --db locked.sqlite
python3 -c 'import sqlite3, time; d = sqlite3.connect("locked.sqlite", isolation_level=None); d.execute("BEGIN IMMEDIATE"); open("held", "w").close(); time.sleep(3)' &
while [[ ! -e held ]]; do sleep 0.05; done
ends "a locked file" 0 "waiting for locked.sqlite" ghostnet "${short[@]}" --db locked.sqlite
wait $!

# What is lost on a full disk is said.
ends "run --json on a full disk" 2 "standard output could not be written" bash -c '"$@" >/dev/full' - "$program" "${short[@]}" --json
ghostnet "${short[@]}" --quiet --db kept.sqlite
ends "results list on a full disk" 2 "standard output could not be written" bash -c '"$@" >/dev/full' - "$program" results list --db kept.sqlite
ends "export to a full disk" 2 "No space left" ghostnet results export --db kept.sqlite -o /dev/full
[[ -c /dev/full ]] || is "/dev/full" "replaced" "a device"

# An exported file replaces a file, and nothing else; a failure leaves nothing.
touch aim && ln -s aim link && mkdir folder
ghostnet results export --db kept.sqlite -o link 2>/dev/null
is "a link" "$(readlink link) $(test -s aim && echo written)" "aim written"
ends "a directory" 2 "Is a directory" ghostnet results export --db kept.sqlite -o folder
ends "a missing directory" 2 "No such file" ghostnet results export --db kept.sqlite -o missing/out.csv
ends "a table that is none" 2 "" ghostnet results export --db kept.sqlite --table nosuch -o out.csv
mkfifo pipe && { cat pipe >through & }
ghostnet results export --db kept.sqlite -o pipe 2>/dev/null
wait $!
is "a pipe" "$(test -p pipe && test -s through && echo written)" written
is "partial files" "$(ls | grep -c partial)" 0
ends "--junit where nothing can be written" 2 "--junit" ghostnet "${short[@]}" --junit missing/out.xml

# Twice, in processes that leave nothing.
ends "determinism" 0 "the same" ghostnet "${short[@]}" --verify-determinism --db none
ghostnet "${short[@]}" --verify-determinism --db twice.sqlite --pcap twice --quiet
is "determinism leaves nothing" "$(ls | grep -c -e '^none' -e twice)" 0
is "determinism in JSON" "$(ghostnet "${short[@]}" --verify-determinism --json | field 'd["runs"][0]["determinism"]["same"], len(set(d["runs"][0]["determinism"]["digests"]))')" "(True, 1)"
ends "determinism of what cannot be loaded" 2 "nosuch" ghostnet "${short[@]}" --verify-determinism --set nosuch=1

# Failures before any run are a document, too.
for early in '--seed=-1' '--sweep network.loss' '--db missing/r.sqlite --repeat 2' '--plugin nosuch.so'; do
  is "--json $early" "$(ghostnet "${short[@]}" --json $early 2>/dev/null | field 'd["runs"], len(d["error"]["message"]) > 0')" "([], True)"
done
for wrong in 'run --nosuch --json' 'run --json' 'rnu --json' 'results list --db missing.sqlite --json' 'results show 7 --json' \
  'results compare 1 2 --db missing.sqlite --json' 'bench nosuch --json' 'ping nowhere --json' 'list --nosuch --json'; do
  is "--json of '$wrong'" "$(ghostnet $wrong 2>/dev/null | field 'd["runs"], len(d["error"]["message"]) > 0')" "([], True)"
done
ghostnet nothing --help >said 2>&1; is "help for what there is not" "$? $(grep -c "no command .nothing." said)" "2 1"
is "an unrecorded run has no id" "$(ghostnet "${short[@]}" --json | field 'd["runs"][0]["id"]')" None

# A run that could not be carried out is on record as one that failed.
ends "a refused run" 2 "live hosts have the machine's clock" ghostnet "${short[@]}" --mode live \
  --set 'faults=[{ at: 100 ms, clock: { group: clients, step: -5 min } }]' --db refused.sqlite
ends "a live run of a kernel's TCP" 2 "tcp.opened: streams of a live run are the kernel's" ghostnet "${short[@]}" \
  --mode live --set 'expect=[tcp.opened >= 0]' --db none
is "a refused run, on record" "$(ghostnet results show 1 --db refused.sqlite --json | field 'd["runs"][0]["status"], "clock" in d["runs"][0]["error"]["message"]')" "('error', True)"

# --resume knows of the files that a scenario includes.
printf 'network: { latency: 5 ms }\n' >base.yaml
printf 'include: base.yaml\nduration: 100 ms\nprotocols: { echo: {} }\nworkload: [echo: { rate: 50 /s }]\n' >whole.yaml
ends "recorded" 0 "" ghostnet run whole.yaml --db resumed.sqlite
ends "resumed" 0 "1 of 1 runs are finished" ghostnet run whole.yaml --db resumed.sqlite --resume
printf 'network: { latency: 6 ms }\n' >base.yaml
ends "resumed after a change" 0 "0 of 1 runs are finished" ghostnet run whole.yaml --db resumed.sqlite --resume

# Of an interrupted run nothing is judged.
"$program" run "$scenarios/hello-mesh.yaml" --until '1000 s' --set 'expect=[echo.requests > 0]' --db cut.sqlite >said 2>&1 &
running=$!
for ((i = 0; i < 600; ++i)); do
  ghostnet results list --db cut.sqlite 2>/dev/null | grep -q ' running ' && break
  sleep 0.1
done
sleep 0.5
kill -INT $running
wait $running
is "interrupted: exit code" $? 130
is "interrupted: says so" "$(grep -c 'not judged' said)" 1
is "interrupted: verdicts" "$(ghostnet results show --db cut.sqlite --json | field 'd["runs"][0]["expectations"]')" "[]"

((failed)) || echo "all as expected"
exit $failed
