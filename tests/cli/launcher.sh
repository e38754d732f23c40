#!/usr/bin/env bash
# The launcher as its users meet it where something stands in its way: what it says, and with which exit code. It runs in
# a tree of its own that holds what it reads before it builds, as a user who is not root.
#
#   tests/cli/launcher.sh PROGRAM SCENARIOS_DIRECTORY
set -uo pipefail

. "$(dirname "$0")/expect.sh"

tree=$place/tree
mkdir -p "$tree/scripts" "$place/bin"
cp "$scenarios/../ghostnet" "$scenarios/../CMakePresets.json" "$tree"
cp "$scenarios/../scripts/packages.txt" "$tree/scripts"
printf '#!/bin/sh\nexit 1\n' | tee "$place/bin/dpkg-query" > "$place/bin/sudo"  # nothing is installed, nobody may
chmod +x "$place/bin/"*
chmod -R a+rX "$place"

launch() { (cd "$tree" && PATH=$place/bin:$PATH "${as_user[@]}" ./ghostnet "$@" </dev/null); }
as_user=()
((EUID != 0)) || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)

ends "an unknown preset" 2 "there is no preset 'fast'; there are: release" launch --preset fast list
ends "a preset without its name" 2 "there is no preset ''" launch --preset
ends "an unknown preset of the environment" 2 "there is no preset 'fast'" env GHOSTNET_PRESET=fast "$tree/ghostnet" list
ends "an unknown section" 2 "no section 'window'; it has: base" launch --install window
ends "no section" 2 "--install takes sections" launch --install

if ((EUID == 0)); then  # whoever is not root owns the directory
  ends "another user's tree" 3 "cannot be written to" launch list
  chown -R 65534:65534 "$tree"
fi
ends "missing packages without root" 3 "apt-get install --no-install-recommends" launch list
ends "which are missing" 3 "clang-19" launch list

exit "$failed"
