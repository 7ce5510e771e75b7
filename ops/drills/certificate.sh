#!/usr/bin/env bash
# docs/OPERATIONS.md, "The certificate ends": one that ends tomorrow is found, and renewed without a restart.
. "$(dirname "$0")/common.sh"
command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 0; }
certificate() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days "$1" -keyout "$work/key.pem" -out "$work/chain.pem" 2>/dev/null; }
make_portal
certificate 1
export PORTAL_TLS_CERTIFICATE=$work/chain.pem PORTAL_TLS_KEY=$work/key.pem
finds certificate fail || fail "the diagnosis does not see that it ends"
start_serving
shown() { openssl s_client -connect "$address" </dev/null 2>/dev/null | openssl x509 -noout -checkend 864000 >/dev/null; }
if shown; then fail "the certificate does not end within ten days"; fi
say "renewing"
certificate 365
until_so shown
finds certificate ok || fail "the diagnosis does not see the new one"
stop_serving
