#!/usr/bin/env bash
# docs/OPERATIONS.md, "The model fails": its file is damaged.
. "$(dirname "$0")/common.sh"
make_portal
start_serving
stop_serving
finds model ok || fail "the model does not work to begin with"
for file in "$data"/models/chest-paediatric-*/model.onnx "$data"/models/bundled/model.onnx; do
    printf 'damaged' >"$file"
done
finds model fail || fail "the diagnosis does not find it"
say "a start puts the bundled model back"
start_serving
finds model ok || fail "it still does not work"
stop_serving
