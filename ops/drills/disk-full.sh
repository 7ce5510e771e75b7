#!/usr/bin/env bash
# docs/OPERATIONS.md, "The disk is full": on a small disk of its own.
. "$(dirname "$0")/common.sh"
mkdir "$data"
mount -t tmpfs -o size=300m tmpfs "$data" 2>/dev/null || { echo "skipped: a small disk cannot be mounted here"; exit 0; }
trap 'finish_serving; umount -l "$data"; rm -rf "$work"' EXIT
finish_serving() { [ -z "$serving" ] || { kill -INT "$serving"; wait "$serving"; } 2>/dev/null || true; }
chmod 755 "$data"
make_portal
start_serving
is_ready() { [ "$(status /readyz)" = 200 ]; }
until_so is_ready
dd if=/dev/zero of="$data/ballast" bs=1M 2>/dev/null || true
is_not_ready() { ! is_ready; }
until_so is_not_ready
say "readyz says so; making room"
rm "$data/ballast"
until_so is_ready
stop_serving
finds blob_store ok || fail "the store does not take anything"
say "it works again without a restart"
