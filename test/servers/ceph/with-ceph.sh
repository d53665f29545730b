#!/usr/bin/env bash
# Runs a command beside a Ceph of its own, with the RADOS Gateway that speaks S3:
#
#   test/servers/ceph/with-ceph.sh npm run test:only -- test/contract/s3-endpoint.test.ts
#
# The cluster is one monitor, one OSD that keeps everything in memory and one gateway, on free ports of 127.0.0.1, from
# Debian's packages, which are installed where they are missing and may be (root). It lives in a temporary folder and
# ends with the command. Where there is no Ceph to be had this says so, and succeeds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages=(ceph-common ceph-mon ceph-osd radosgw)
programs=(ceph ceph-mon ceph-osd monmaptool radosgw radosgw-admin)

skip() {
  echo "SKIPPED, for want of Ceph ($1): $*" >&2
  exit 0
}

has_programs() {
  local program
  for program in "${programs[@]}"; do command -v "$program" >/dev/null || return 1; done
}

install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends "${packages[@]}"
}

if ! has_programs; then
  install >/dev/null 2>&1 || skip "its packages cannot be installed" "$@"
  has_programs || skip "its packages lack programs" "$@"
fi

home=$(mktemp -d)
daemons=()

finish() {
  local status=$? index
  trap - EXIT
  # The gateway first: it waits for the others.
  for ((index = ${#daemons[@]} - 1; index >= 0; index--)); do
    kill -KILL "${daemons[index]}" 2>/dev/null || true
    wait "${daemons[index]}" 2>/dev/null || true
  done
  if [ -z "${is_up:-}" ]; then tail -n 5 "$home"/log/* >&2 || true; fi
  rm -rf "$home"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
  node -e 'const server = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(server.address().port)
    server.close()
  })'
}

daemon() {
  "$@" >"$home/log/$1.out" 2>&1 </dev/null &
  daemons+=($!)
}

# Tries the command each tenth of a second, for a minute.
wait_for() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "Ceph did not get so far: $*" >&2
  return 1
}

monitor_port=$(free_port)
gateway_port=$(free_port)
cluster=$(cat /proc/sys/kernel/random/uuid)
mkdir -p "$home"/{log,mon,osd,gateway}

# Nobody else reaches the loopback interface, so nothing is authenticated and nothing is kept twice.
export CEPH_CONF=$home/ceph.conf
cat >"$CEPH_CONF" <<END
[global]
fsid = $cluster
mon_host = [v2:127.0.0.1:$monitor_port]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_ipv6 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The gateway would ask for encryption, which goes with authentication alone.
ms_mon_client_mode = crc
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
paxos_propose_interval = 0.05
run_dir = $home
admin_socket = $home/\$name.asok
log_file = $home/log/\$name.log
crash_dir = $home/log
[mon]
mon_data = $home/mon
mon_cluster_log_file = $home/log/cluster.log
[osd]
osd_data = $home/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_max_object_name_len = 2048
[client.gateway]
rgw_data = $home/gateway
rgw_frontends = beast endpoint=127.0.0.1:$gateway_port
# Keys of the caller are accepted over plain HTTP, which leaves this machine as little as anything else here.
rgw_crypt_require_ssl = false
END

osd_is_up() { ceph --connect-timeout 5 osd stat | grep -q ' 1 up'; }
gateway_answers() { node -e 'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1))' "$endpoint"; }

monmaptool --create --fsid "$cluster" --addv a "[v2:127.0.0.1:$monitor_port]" "$home/monmap" >/dev/null
ceph-mon --mkfs -i a --monmap "$home/monmap" >"$home/log/mkfs.out" 2>&1
daemon ceph-mon -f -i a
wait_for ceph --connect-timeout 5 mon stat

osd=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$osd" >/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$osd" >>"$home/log/mkfs.out" 2>&1
daemon ceph-osd -f -i 0
wait_for osd_is_up

export S3_TEST_ACCESS_KEY_ID=TESTOFTHECONTRACT001
S3_TEST_SECRET_ACCESS_KEY=$(node -p 'crypto.randomBytes(20).toString("hex")')
export S3_TEST_SECRET_ACCESS_KEY
timeout 120 radosgw-admin -n client.gateway user create --uid=test --display-name=test \
  --access-key="$S3_TEST_ACCESS_KEY_ID" --secret-key="$S3_TEST_SECRET_ACCESS_KEY" >"$home/log/user.out" 2>&1
endpoint=http://127.0.0.1:$gateway_port
daemon radosgw -f -n client.gateway
wait_for gateway_answers

export S3_TEST_ENDPOINT=$endpoint S3_TEST_BUCKET=test-bucket S3_TEST_REGION=us-east-1
# Where this server differs from S3, as the suite asserts it (test/contract/contract-bucket.ts).
export S3_TEST_TRAITS='{"unlistedParts":"refused","secondComplete":"repeated","completeOfNothing":"SERVICE_FAILED"}'
node --import tsx "$here/create-bucket.ts"
is_up=yes
echo "$(radosgw --version | cut -d' ' -f1-3) speaks S3 at $S3_TEST_ENDPOINT" >&2
"$@"
