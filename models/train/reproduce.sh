#!/bin/sh
# Rebuilds the package and the film model: reproduce.sh SHARED WORK, from the repository root.
# SHARED holds cxr/ and dicom/; WORK receives caches and checkpoints and must lie outside the repository.
# With LOCAL=DIR in the environment the classifiers train on a hospital's own exported cases as well.
# A stage whose result is in WORK already is skipped, so an interrupted run goes on where it stopped.
set -eu
shared=$1
work=$2
here=$(dirname "$0")
python=${PYTHON:-python3}
mkdir -p "$work"

# stage RESULT MODULE ARGUMENTS...
stage() {
    result=$work/$1
    module=$here/$2
    shift 2
    if [ -e "$result" ]; then
        echo "$result is there"
    else
        "$python" "$module" --shared "$shared" --work "$work" "$@"
    fi
}

for fold in 0 1 2 3 4; do
    stage "random$fold.pt" train.py --split random --fold "$fold" ${LOCAL:+--local "$LOCAL"}
done
# Only measured, not part of the package: patients of other numbers, normal films of the other naming scheme.
stage blocks0.pt train.py --split blocks --fold 0
for fold in 0 1; do
    stage "schemes$fold.pt" train.py --split schemes --fold "$fold"
done
# The heads that draw the map, for the members of the package.
for fold in 0 1 2; do
    stage "pointed_random$fold.pt" pointing.py --fold "$fold"
done
stage scope.pt scope.py
stage drawn.npy films.py
"$python" "$here/export.py" --shared "$shared" --work "$work"
"$python" "$here/card.py"
