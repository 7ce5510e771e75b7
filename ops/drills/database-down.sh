#!/usr/bin/env bash
# docs/OPERATIONS.md, "The database is down": the private PostgreSQL is killed under a serving portal.
. "$(dirname "$0")/common.sh"
make_portal
start_serving
is_ready() { [ "$(status /readyz)" = 200 ]; }
until_so is_ready
postmaster=$(head -n 1 "$data/postgres/postmaster.pid")
say "killing PostgreSQL ($postmaster)"
kill -KILL "$postmaster"
runs_anew() { [ -f "$data/postgres/postmaster.pid" ] && [ "$(head -n 1 "$data/postgres/postmaster.pid")" != "$postmaster" ]; }
until_so runs_anew
until_so is_ready
finds database ok || fail "the diagnosis does not see the database"
stop_serving
say "the portal started it again by itself, and every row is there"
at db status >/dev/null
