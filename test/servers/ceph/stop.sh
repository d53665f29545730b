#!/usr/bin/env bash
# Ends the cluster that start.sh began in this folder, the gateway first, and removes the folder.
set -u
folder=${1:?the folder given to start.sh}
[ -f "$folder/pids" ] || exit 0
for pid in $(tac "$folder/pids"); do
  # A number may belong to another process by now.
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$folder/ceph.conf" || continue
  kill "$pid" 2>/dev/null
  for _ in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null
done
rm -rf "$folder"
