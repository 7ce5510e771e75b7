#!/usr/bin/env bash
# docs/OPERATIONS.md, "A key is lost": without it a backup cannot be read; with the copy it can.
. "$(dirname "$0")/common.sh"
make_portal
at backup create --to "$work/backups" >/dev/null
id=$(portal backup list --from "$work/backups" --json | sed -n 's/.*"id": "\(.*\)".*/\1/p' | tail -n 1)
cp "$PORTAL_BACKUP_KEY_FILE" "$work/copy-in-the-safe"
rm "$PORTAL_BACKUP_KEY_FILE"
if portal backup verify "$id" --from "$work/backups" >"$work/said" 2>&1; then fail "it was read without the key"; fi
grep -q key "$work/said" || fail "it does not say that the key is missing"
say "putting the copy back"
cp "$work/copy-in-the-safe" "$PORTAL_BACKUP_KEY_FILE"
chmod 600 "$PORTAL_BACKUP_KEY_FILE"
portal backup verify "$id" --from "$work/backups"
