#!/usr/bin/env bash
# A real S3 server to test against: one Ceph monitor, one OSD that keeps its objects in memory, and a RADOS Gateway, all
# on 127.0.0.1, without authentication among themselves. Prints the variables that test/contract/s3-endpoint.test.ts
# reads, in the form of `export`. Exits with 75 where the packages are not there and cannot be installed.
#
#   eval "$(test/servers/ceph/start.sh FOLDER)"     FOLDER: a new one, for all that the cluster writes
#   test/servers/ceph/stop.sh FOLDER
set -euo pipefail

folder=${1:?a folder for the state of the cluster}
port=${CEPH_RGW_PORT:-7480}
monitor="[v2:127.0.0.1:${CEPH_MON_PORT:-3300}]"
key_id=CONTRACTTESTKEY00001
secret=contract-test-secret-of-forty-characters
bucket=contract-tests
packages=(ceph-mon ceph-osd ceph-common radosgw)

note() { echo "ceph: $*" >&2; }

installed() { dpkg-query -W -f '${Status}\n' "${packages[@]}" 2>/dev/null | grep -c '^install ok installed' | grep -qx ${#packages[@]}; }
if ! installed; then
  note "installing ${packages[*]}"
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2; then
    note 'not available: the packages cannot be installed here'
    exit 75
  fi
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
if [ -n "$(ls -A "$folder")" ]; then
  note "$folder is not empty"
  exit 1
fi
mkdir "$folder"/{mon,osd,rgw,run}
conf=$folder/ceph.conf
cluster=$(cat /proc/sys/kernel/random/uuid)
cat >"$conf" <<CONF
[global]
fsid = $cluster
mon initial members = one
mon host = $monitor
public addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
auth cluster required = none
auth service required = none
auth client required = none
# Without authentication there is no key to encrypt with.
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
# One copy of everything, in as few placement groups as there can be: nothing here outlives the tests.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 2000
# The disk of the machine is not the cluster's: how full it is says nothing.
mon data avail crit = 1
mon data avail warn = 2
log file = $folder/run/\$name.log
admin socket = $folder/run/\$cluster-\$name.asok
run dir = $folder/run
pid file =
[mon]
mon data = $folder/mon
[osd]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 4294967296
# Longer than any key of S3, each byte of it escaped.
osd max object name len = 2048
[client.rgw.one]
rgw data = $folder/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw dynamic resharding = false
# Keys of the caller's own are taken over plain HTTP: nothing here leaves the machine.
rgw crypt require ssl = false
CONF

begin() {
  local name=$1
  shift
  setsid "$@" >"$folder/run/$name.out" 2>&1 </dev/null &
  echo $! >>"$folder/pids"
}

wait_until() {
  local what=$1
  shift
  for _ in $(seq 600); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  note "$what did not come up; see $folder/run"
  exit 1
}

ask() { ceph -c "$conf" --connect-timeout 5 "$@"; }

monmaptool --create --fsid "$cluster" --addv one "$monitor" "$folder/monmap" >/dev/null
ceph-mon -c "$conf" -i one --mkfs --monmap "$folder/monmap" >&2
begin mon ceph-mon -c "$conf" -i one -f
wait_until 'the monitor' ask mon stat

osd=$(cat /proc/sys/kernel/random/uuid)
ask osd new "$osd" </dev/null >/dev/null
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" >&2
begin osd ceph-osd -c "$conf" -i 0 -f
osd_is_up() { ask osd stat | grep -q '1 up'; }
wait_until 'the OSD' osd_is_up

radosgw-admin -c "$conf" -n client.rgw.one user create --uid=tests --display-name=tests \
  --access-key="$key_id" --secret-key="$secret" >"$folder/run/user.json" 2>>"$folder/run/user.err"
begin rgw radosgw -c "$conf" -n client.rgw.one -f
wait_until 'the gateway' curl -sf -m 5 "http://127.0.0.1:$port/"
# The bucket is made by curl, which signs by itself, but leaves the body's hash to its caller.
empty=$(printf '' | sha256sum | cut -d' ' -f1)
curl -sf -X PUT --user "$key_id:$secret" --aws-sigv4 aws:amz:us-east-1:s3 -H "x-amz-content-sha256: $empty" \
  "http://127.0.0.1:$port/$bucket" >&2

note "$(radosgw --version | cut -d' ' -f1-3) at http://127.0.0.1:$port"
cat <<EXPORTS
export S3_TEST_ENDPOINT=http://127.0.0.1:$port
export S3_TEST_ACCESS_KEY_ID=$key_id
export S3_TEST_SECRET_ACCESS_KEY=$secret
export S3_TEST_BUCKET=$bucket
# Release 16: Complete must list every part; a second one is answered like the first; of an upload that was given up it says InternalError.
# Objects made of parts have no tags. A list of uploads by a delimiter leaves out what it groups.
export S3_TEST_TRAITS='{"unlistedParts":"refused","secondComplete":"repeated","completeOfNothing":"SERVICE_FAILED","tagsOfParts":"dropped","groupedUploads":"left out"}'
EXPORTS
