#!/usr/bin/env bash
# screenshots.sh [DIRECTORY]: records the runs that the documentation shows and draws its pictures of them, without a display.
#
# Needs pngquant: ./ghostnet --install pictures. Databases are kept in DIRECTORY (build/screenshots), so that drawing again does
# not run again. The run of ten thousand hosts takes two minutes of a processor.
set -euo pipefail

tree=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
work=${1:-$tree/build/screenshots} images=$tree/docs/images
bin=${GHOSTNET_BIN:-$tree/build/release/bin}
mkdir -p "$work" "$images"

# run NAME SCENARIO OPTION...: one more run in the database NAME
run() {
  "$bin/ghostnet" run "$tree/scenarios/$2" --db "$work/$1.sqlite" --quiet "${@:3}" ||
    (($? == 1))  # an expectation that did not hold is no reason to draw nothing
}

# record NAME SCENARIO OPTION...: where there is none yet
record() { [[ -e $work/$1.sqlite ]] || run "$@"; }

# shoot PICTURE NAME OPTION...
shoot() {
  "$bin/ghostnet-gui" "$work/$2.sqlite" --screenshot "$images/$1.png" --size 1600x1000 "${@:3}"
  # Fewer colours: a quarter of the bytes, and no difference to the eye.
  pngquant --force --skip-if-larger --ext .png --speed 1 128 "$images/$1.png" || (($? == 98))
  local bytes
  bytes=$(stat -c %s "$images/$1.png")
  ((bytes < 300 * 1024)) || { echo "screenshots.sh: $images/$1.png has $bytes bytes, more than 300 KiB" >&2; exit 1; }
  echo "$images/$1.png"
}

record gossip gossip-mesh.yaml --until '34 s' --set 'record.connections=[publishers]' --set 'record.series=[gossipsub.delivered, gossipsub.duplicates, gossipsub.mesh_degree, libp2p.connections]'
record large gossip-scale.yaml --set network.hosts=10000 --until '34 s'
record hello hello-mesh.yaml
record wifi wifi-mesh.yaml --until '30 s'
record dht dht-lookup.yaml --set network.hosts=300
record backbone backbone.yaml --set 'record.messages=20 %' --set 'record.series=[gossipsub.delivered, gossipsub.duplicates, libp2p.connections, kademlia.table_size]'
[[ -e $work/pair.sqlite ]] || {
  run pair gossip-mesh.yaml --until '34 s'
  run pair gossip-mesh.yaml --until '34 s' --set gossipsub.d=4 --set gossipsub.d_low=3
}

shoot mesh gossip --at 24.990s --panels none
shoot mesh-10000 large --at 24.2s --panels none
shoot propagation gossip --at 25.20s --select trace:3 --panels messages
shoot window gossip --at 25s --select host:host-17 --theme light
shoot host gossip --at 25s --select host:host-3 --layout force --panels host,metric
shoot compare pair --at 25s --compare 1,2 --panels compare --theme light
shoot partition hello --at 22s --panels events --colour region
shoot routes backbone --at 14s --select host:host-0 --panels host
shoot table dht --at 40s --select host:host-17 --panels host --inspect table --hide tcp
shoot wifi wifi --at 20s --theme light --panels none
