#!/usr/bin/env bash
# docs/OPERATIONS.md, "Restore drill": everything is destroyed and brought back.
. "$(dirname "$0")/common.sh"
make_portal
before=$(at user list --json)
at backup create --to "$work/backups" >/dev/null
rm -rf "$data"
id=$(portal backup list --from "$work/backups" --json | sed -n 's/.*"id": "\(.*\)".*/\1/p' | tail -n 1)
say "restoring $id"
portal backup restore "$id" --from "$work/backups" --data-dir "$data"
[ "$before" = "$(at user list --json)" ] || fail "the accounts are not those of before"
# The made-up people have the demo's accounts, which a hospital's portal must not have.
at check --thorough >"$work/diagnosis" || true
if grep '^FAIL' "$work/diagnosis" | grep -v demo_accounts; then fail "the restored portal is not well"; fi
start_serving
[ "$(status /readyz)" = 200 ] || fail "it is not ready"
stop_serving
