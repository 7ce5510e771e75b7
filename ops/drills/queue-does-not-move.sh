#!/usr/bin/env bash
# docs/OPERATIONS.md, "The queue does not move": reports wait without a job, and no worker runs.
. "$(dirname "$0")/common.sh"
command -v psql >/dev/null || { echo "skipped: psql is not installed"; exit 0; }
make_portal
start_serving --workers 0
psql -q -h "$data/run" -U postgres portal -c "UPDATE medical_reports SET status = 'pending' WHERE status = 'analyzed'"
stop_serving
finds stranded_reports fail || fail "the diagnosis does not find reports without a job"
say "giving each a job"
at check --fix >/dev/null || true
finds stranded_reports ok || fail "they are still without"
start_serving
is_quiet() { { at check --json || true; } | tr -d '\n ' | grep -q '0running,0waiting'; }
until_so is_quiet
say "the worker went through them"
stop_serving
