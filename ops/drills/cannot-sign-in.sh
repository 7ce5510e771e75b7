#!/usr/bin/env bash
# docs/OPERATIONS.md, "Somebody cannot sign in": the only technician forgot the password.
. "$(dirname "$0")/common.sh"
make_portal
at user list | grep -q tech.drill@example.org || fail "the account is not listed"
PORTAL_PASSWORD='another quiet garden' at user password --email tech.drill@example.org
if PORTAL_PASSWORD='short' at user password --email tech.drill@example.org 2>/dev/null; then fail "a short password was taken"; fi
say "a new password is set, and the old sessions are over"
