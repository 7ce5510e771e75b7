# What the drills share. Each drill makes a portal of its own in a temporary folder, breaks it, follows
# docs/OPERATIONS.md, and fails when the portal is not well afterwards. MEDICAL_PORTAL names the program.
# shellcheck shell=bash
set -euo pipefail
portal_program=${MEDICAL_PORTAL:-medical-portal}
work=$(mktemp -d)
chmod 755 "$work"
data=$work/portal
export PORTAL_BACKUP_KEY_FILE=$work/keys/backup.key
unset DATABASE_URL DATABASE_ADMIN_URL PORTAL_DATA_DIR PORTAL_CONFIG
serving=

finish() {
    [ -z "$serving" ] || { kill -INT "$serving" 2>/dev/null; wait "$serving" 2>/dev/null; } || true
    rm -rf "$work"
}
trap finish EXIT

say() { echo "drill: $*"; }
fail() { echo "drill FAILED: $*" >&2; cat "$work/serve.log" >&2 2>/dev/null || true; exit 1; }
portal() { "$portal_program" "$@"; }
at() { portal "$@" --data-dir "$data"; }

# A portal with made-up people and reports, and a technician.
make_portal() {
    at db migrate >/dev/null
    at db seed >/dev/null
    PORTAL_PASSWORD='a quiet garden' at user create --email tech.drill@example.org --role tech --name 'Drill' >/dev/null
}

start_serving() {
    # The drills sign in with accounts of the development data.
    "$portal_program" serve --evaluation --listen 127.0.0.1:0 --data-dir "$data" "$@" >"$work/serve.log" 2>&1 &
    serving=$!
    for _ in $(seq 600); do
        address=$(sed -n 's/.*running at https\?:\/\///p' "$work/serve.log")
        [ -z "$address" ] || return 0
        kill -0 "$serving" 2>/dev/null || fail "the portal ended"
        sleep 0.1
    done
    fail "the portal does not start"
}

stop_serving() {
    kill -INT "$serving"
    wait "$serving" || fail "the portal did not stop cleanly"
    serving=
}

# The status of a GET.
status() {
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" "$address" >&3
    head -n 1 <&3 | cut -d ' ' -f 2
    exec 3>&-
}

# Waits until a command succeeds.
until_so() {
    for _ in $(seq 300); do
        if "$@"; then return 0; fi
        sleep 0.2
    done
    fail "still not so: $*"
}

# Whether the diagnosis has this outcome for this check.
finds() { { at check --json 2>/dev/null || true; } | tr -d '\n ' | grep -q "\"check\":\"$1\",\"detail\":[^}]*\"outcome\":\"$2\""; }
