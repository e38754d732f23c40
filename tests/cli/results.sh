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
  wall_s events datagrams peak_rss_bytes hosts warnings metrics groups expectations error; do
  [[ $(ghostnet "${short[@]}" --json) == *"\"$field\":"* ]] || is "field of --json" "" "$field"
  [[ $(ghostnet run missing.yaml --json) == *"\"$field\":"* ]] || is "field of --json after an error" "" "$field"
done
[[ ! -e results.sqlite ]] || is "a single run without --db" "recorded" "not recorded"

# A sweep records each of its runs once, in processes side by side, and resuming it does nothing.
sweep=("${short[@]}" --sweep network.loss=0%,1% --sweep network.latency=5ms,10ms --jobs 2)
ghostnet "${sweep[@]}" --repeat 2 --quiet --junit sweep.xml
is "sweep: exit code" $? 0
is "sweep: runs" "$(runs results.sqlite)" 8
is "sweep: different runs" "$(ghostnet results list | tail -n +2 | sed 's/.*wall  //; s/.*s  network/network/' | sort -u | wc -l)" 8
is "sweep: JUnit" "$(grep -c '<testcase' sweep.xml)" 8
ends "resume" 0 "8 of 8 runs are finished" ghostnet "${sweep[@]}" --repeat 2 --resume
is "resume: runs" "$(runs results.sqlite)" 8
ends "resume, with more" 0 "8 of 12 runs are finished" ghostnet "${sweep[@]}" --repeat 3 --resume
is "resume, with more: runs" "$(runs results.sqlite)" 12

# Ctrl-C ends the runs under way cleanly; resuming makes what is missing, and nothing twice.
long=(run "$scenarios/hello-mesh.yaml" --until '5 s' --set 'expect=[echo.requests > 0]' --repeat 6 --jobs 2 --db cut.sqlite --quiet)
"$program" "${long[@]}" 2>/dev/null &
sweeping=$!
for ((i = 0; i < 600; ++i)); do
  ghostnet results list --db cut.sqlite 2>/dev/null | grep -q ' passed ' && break
  sleep 0.1
done
kill -INT $sweeping
wait $sweeping
is "interrupted: exit code" $? 130
is "interrupted: unfinished runs" "$(ghostnet results list --db cut.sqlite | grep -c -e ' unfinished ' -e ' running ')" 0
ends "resumed" 0 "" ghostnet "${long[@]}" --resume
is "resumed: finished runs" "$(ghostnet results list --db cut.sqlite | grep -c ' passed ')" 6

# What is wrong with a file is said, with exit code 2.
echo "this is text, and no database at all" >text.sqlite
: >empty.sqlite
head -c 20000 results.sqlite >cut-off.sqlite
is "a missing file is named once" "$(ghostnet check missing.yaml 2>&1)" "missing.yaml: there is no such file"
ends "no file" 2 "there is no such file" ghostnet results list --db missing.sqlite
ends "text" 2 "not a results database" ghostnet results list --db text.sqlite
ends "text, to record in" 2 "not a results database" ghostnet "${short[@]}" --db text.sqlite
ends "empty" 2 "empty" ghostnet results list --db empty.sqlite
ends "truncated" 2 "damaged or truncated" ghostnet results list --db cut-off.sqlite
ends "no directory" 2 "there is no directory" ghostnet "${short[@]}" --db nowhere/results.sqlite
ends "no run" 2 "there is no run 99" ghostnet results show 99
ends "bad sweep" 2 "expected PATH=VALUE" ghostnet "${short[@]}" --sweep network.loss

# compare: 0 the same, 1 a difference, 2 wrong input.
ends "compare the same" 0 "" ghostnet results compare 1-2 1-2
ends "compare others" 1 "echo.rtt" ghostnet results compare '1-8[network.latency=5ms]' '1-8[network.latency=10ms]'
ends "compare files" 0 "" ghostnet results compare one.sqlite:1 one.sqlite:last
ends "compare nothing" 2 "there is no run 77" ghostnet results compare 1 77

for format in csv json junit prometheus chrome; do
  ghostnet results export --format $format -o out.$format 2>/dev/null
  is "export $format" "$? $(test -s out.$format && echo written)" "0 written"
done
ghostnet results report -o report.html 2>/dev/null
is "report" "$? $(grep -c '<svg' report.html | sed 's/^[1-9].*/drawn/')" "0 drawn"

((failed)) || echo "all as expected"
exit $failed
