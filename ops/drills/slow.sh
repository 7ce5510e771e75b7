#!/usr/bin/env bash
# docs/OPERATIONS.md, "It is slow": what to look at, and care.
. "$(dirname "$0")/common.sh"
make_portal
for look in size tables connections slow locks bloat indexes; do
    at db "$look" >/dev/null || fail "db $look does not work"
done
at db vacuum >/dev/null
at db reindex --concurrently --table medical_reports
say "every table is looked after"
