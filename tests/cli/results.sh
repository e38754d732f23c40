#!/usr/bin/env bash
# Recording, sweeps, resuming, interrupting, comparing and exporting, through the program itself.
#
#   tests/cli/results.sh PROGRAM SCENARIOS_DIRECTORY
set -uo pipefail

. "$(dirname "$0")/expect.sh"
runs() { ghostnet results export --db "$1" --table run_overview 1-100000 | tail -n +2 | wc -l; }
digest() { sed -n 's/^ *"digest": "\(.*\)",$/\1/p'; }

short=(run "$scenarios/echo.yaml" --until '2 s' --set workload.0.echo.stop='1 s' --set 'expect=[echo.requests > 0]')

# A run is the same whether it is recorded or not, and has every field of its document either way.
is digest "$(ghostnet "${short[@]}" --json --db one.sqlite | digest)" "$(ghostnet "${short[@]}" --json | digest)"
for field in id name file mode carrier seed parameters sweep_point repeat revision digest status simulated_s setup_wall_s \
  wall_s events datagrams peak_rss_bytes hosts warnings failed_requests metrics groups expectations error; do
  [[ $(ghostnet "${short[@]}" --json) == *"\"$field\":"* ]] || is "field of --json" "" "$field"
  [[ $(ghostnet run missing.yaml --json) == *"\"$field\":"* ]] || is "field of --json after an error" "" "$field"
done
[[ ! -e results.sqlite ]] || is "a single run without --db" "recorded" "not recorded"

# A sweep records each of its runs once, in processes side by side, and resuming it does nothing.
sweep=("${short[@]}" --sweep network.loss=0%,1% --sweep network.latency=5ms,10ms --jobs 2)
ghostnet "${sweep[@]}" --repeat 2 --quiet --junit sweep.xml 2>sweep.err
is "sweep: exit code" $? 0
is "sweep: requests that failed are told once" "$(grep -c 'warning: echo failed with timed_out in [1-4] of 8 runs' sweep.err)" 1
is "sweep: nothing else is told" "$(wc -l <sweep.err)" 1
is "sweep: runs" "$(runs results.sqlite)" 8
is "sweep: different runs" "$(ghostnet results list | tail -n +2 | sed 's/.*wall  //; s/.*s  network/network/' | sort -u | wc -l)" 8
is "sweep: JUnit" "$(grep -c '<testcase' sweep.xml)" 8
ends "resume" 0 "8 of 8 runs are finished" ghostnet "${sweep[@]}" --repeat 2 --resume
is "resume: runs" "$(runs results.sqlite)" 8
ends "resume, with more" 0 "8 of 12 runs are finished" ghostnet "${sweep[@]}" --repeat 3 --resume
is "resume, with more: runs" "$(runs results.sqlite)" 12

# Several runs are a line each, and a table of the points at their end.
said=$(ghostnet "${sweep[@]}" --repeat 2 --db none --set 'expect=[p50(echo.rtt) < 15 ms]' 2>/dev/null)
is "sweep: lines" "$(grep -c '^echo network.loss=.*, repeat [01]: \(passed\|failed\) in ' <<<"$said")" 8
is "sweep: summed up" "$(grep '^echo: ' <<<"$said")" "echo: 4 points, 8 runs, 4 passed"
is "sweep: a point" "$(grep -c '^ *10 \?ms *1 \?% *0 of 2 .* ms' <<<"$said")" 1
is "sweep: in order" "$(grep ' of 2 ' <<<"$said" | awk '{ print $1, $2 }' | xargs)" "5ms 0% 5ms 1% 10ms 0% 10ms 1%"
is "sweep: an expectation" "$(grep -c '(1) FAILED p50(echo.rtt) < 15 ms   (held in 4 of 8)' <<<"$said")" 1
is "sweep: quiet" "$(ghostnet "${sweep[@]}" --db none --quiet 2>/dev/null)" ""

# Points of a sweep that begin alike share their beginning, and are the same runs, and the same on record, as without.
alike=(run "$scenarios/echo.yaml" --until '3 s' --set 'expect=[echo.requests > 0]' --set workload.0.echo.start='1 s'
  --sweep 'workload.0.echo.size=64 B,128 B,256 B' --repeat 2 --quiet)
ends "alike" 0 "3 runs begin alike, until 1 s; 3 runs begin alike, until 1 s" ghostnet "${alike[@]:0:12}" --db none
ghostnet "${alike[@]}" --jobs 2 --db alike.sqlite --json >alike.json
is "alike: exit code" $? 0
ghostnet "${alike[@]}" --jobs 2 --db alone.sqlite --from-start --json >alone.json
is "alike: digests" "$(digest <alike.json)" "$(digest <alone.json)"
is "alike: shared" "$(grep -c '"shared_s": 1.0' alike.json) $(grep -c shared_s alone.json)" "6 0"
# What a view has of all runs, by seed and parameters, since their numbers depend on who ends first.
of_runs() {
  for run in 1 2 3 4 5 6; do
    local which
    which=$("$program" results show $run --db "$1" --json | grep -e '"seed"' -e 'workload.0.echo.size' | sort | tr -d ' \n')
    "$program" results export --db "$1" --table "$2" $run | cut -d, -f2- | sed "s/^/$which /"
  done | sort
}
for view in hosts series host_series percentile_series percentiles final_values events links messages expectations; do
  is "alike: $view" "$(of_runs alike.sqlite $view | sha256sum)" "$(of_runs alone.sqlite $view | sha256sum)"
done
# Where they differ at once they share the set-up.
at_once=("${alike[@]:0:12}" --set workload.0.echo.start='0 s')
ends "set up alike" 0 "3 runs are set up alike; 3 runs are set up alike" ghostnet "${at_once[@]}" --db none
is "set up alike: digests" "$(ghostnet "${at_once[@]}" --json --db none | digest)" \
  "$(ghostnet "${at_once[@]}" --json --db none --from-start | digest)"
ends "alike, resumed" 0 "6 of 6 runs are finished" ghostnet "${alike[@]:0:12}" --db alike.sqlite --resume
ends "alike, with captures" 0 "" ghostnet "${alike[@]}" --db none --pcap traces
is "alike, with captures" "$(ls traces | wc -l)" 6

# begin DATABASE WORDS...: a sweep in the background, up to the end of its first run.
begin() {
  "$program" "${@:2}" 2>/dev/null &
  sweeping=$!
  for ((i = 0; i < 600; ++i)); do
    ghostnet results list --db "$1" 2>/dev/null | grep -q ' passed ' && return
    sleep 0.1
  done
}

# Ctrl-C ends the runs under way cleanly; resuming makes what is missing, and nothing twice.
long=(run "$scenarios/hello-mesh.yaml" --until '5 s' --set 'expect=[echo.requests > 0]' --repeat 6 --jobs 2 --db cut.sqlite --quiet)
begin cut.sqlite "${long[@]}"
kill -INT $sweeping
wait $sweeping
is "interrupted: exit code" $? 130
is "interrupted: unfinished runs" "$(ghostnet results list --db cut.sqlite | grep -c -e ' unfinished ' -e ' running ')" 0
ends "resumed" 0 "" ghostnet "${long[@]}" --resume
is "resumed: finished runs" "$(ghostnet results list --db cut.sqlite | grep -c ' passed ')" 6

# A sweep that is killed without a word leaves no process behind, not even of runs that begin alike, and can be resumed.
killed=(run "$scenarios/hello-mesh.yaml" --until '6 s' --set 'expect=[echo.requests > 0]' --set workload.0.echo.start='1 s'
  --sweep 'workload.0.echo.size=64 B,128 B,256 B,512 B' --repeat 2 --jobs 2 --db killed.sqlite --quiet)
begin killed.sqlite "${killed[@]}"
kill -KILL $sweeping
wait $sweeping 2>/dev/null
for ((i = 0; i < 100; ++i)); do
  pgrep -f killed.sqlite >/dev/null || break
  sleep 0.1
done
is "killed: processes left" "$(pgrep -f killed.sqlite | wc -l)" 0
before=$(ghostnet results list --db killed.sqlite | grep -c ' passed ')
ends "killed, resumed" 0 "" ghostnet "${killed[@]}" --resume
is "killed, resumed: finished runs" "$(ghostnet results list --db killed.sqlite | grep -c ' passed ')" 8
((before >= 1 && before < 8)) || is "killed: runs finished before" "$before" "some"

# What is wrong with a file is said, with exit code 2.
echo "this is text, and no database at all" >text.sqlite
: >empty.sqlite
head -c 20000 results.sqlite >cut-off.sqlite
is "a missing file is named once" "$(ghostnet check missing.yaml 2>&1)" "missing.yaml: there is no such file"
ends "no file" 2 "there is no such file" ghostnet results list --db missing.sqlite
ends "text" 2 "text.sqlite: a text file, not a results database" ghostnet results list --db text.sqlite
ends "text, to record in" 2 "not a results database" ghostnet "${short[@]}" --db text.sqlite
ends "empty" 2 "empty" ghostnet results list --db empty.sqlite
ends "truncated" 2 "damaged or truncated" ghostnet results list --db cut-off.sqlite
ends "no directory" 2 "there is no directory" ghostnet "${short[@]}" --db nowhere/results.sqlite
ends "no run" 2 "there is no run 99" ghostnet results show 99
ends "bad sweep" 2 "expected PATH=VALUE" ghostnet "${short[@]}" --sweep network.loss

# compare: 0 the same, 1 a difference, 2 wrong input.
ends "compare the same" 0 "" ghostnet results compare 1-2 1-2
ends "compare others" 1 "echo.rtt" ghostnet results compare '1-8[network.latency=5ms]' '1-8[network.latency=10ms]'
ends "compare, spaced otherwise" 1 "echo.rtt" ghostnet results compare '1-8[network.latency=5 ms]' '1-8[network.latency=0.01 s]'
ends "compare files" 0 "" ghostnet results compare one.sqlite:1 one.sqlite:last
ends "compare nothing" 2 "there is no run 77" ghostnet results compare 1 77

for format in csv json junit markdown prometheus chrome; do
  ghostnet results export --format $format -o out.$format 2>/dev/null
  is "export $format" "$? $(test -s out.$format && echo written)" "0 written"
done
ghostnet results report -o report.html 2>/dev/null
is "report" "$? $(grep -c '<svg' report.html | sed 's/^[1-9].*/drawn/')" "0 drawn"

((failed)) || echo "all as expected"
exit $failed
