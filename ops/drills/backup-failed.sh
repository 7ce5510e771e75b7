#!/usr/bin/env bash
# docs/OPERATIONS.md, "A backup failed": the destination takes nothing.
. "$(dirname "$0")/common.sh"
make_portal
echo "not a folder" >"$work/backups"
if at backup create --to "$work/backups" >"$work/said" 2>&1; then fail "it was made into a file"; fi
grep -q "$work/backups" "$work/said" || fail "it does not name the destination"
finds backup_last_run fail || fail "the diagnosis does not know of it"
rm "$work/backups"
at backup create --to "$work/backups"
finds backup_age ok || fail "the diagnosis does not see the new one"
