#!/usr/bin/env bash
# docs/OPERATIONS.md, "Upgrade" and "Roll back": a backup before, a change that went wrong, the backup back.
. "$(dirname "$0")/common.sh"
make_portal
before=$(at user list --json)
at backup create --to "$work/backups" >/dev/null
id=$(portal backup list --from "$work/backups" --json | sed -n 's/.*"id": "\(.*\)".*/\1/p' | tail -n 1)
at db reset --yes-delete-everything >/dev/null
[ "$before" != "$(at user list --json)" ] || fail "nothing went wrong"
if portal backup restore "$id" --from "$work/backups" --data-dir "$data" 2>/dev/null; then fail "it was overwritten without being told"; fi
say "rolling back to $id"
portal backup restore "$id" --from "$work/backups" --data-dir "$data" --overwrite
[ "$before" = "$(at user list --json)" ] || fail "the accounts are not those of before"
ls -d "$data"/before-restore-* >/dev/null || fail "what was there is not kept"
