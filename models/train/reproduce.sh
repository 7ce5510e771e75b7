#!/bin/sh
# Rebuilds the package and the film model: reproduce.sh SHARED WORK, from the repository root.
# SHARED holds cxr/ and dicom/; WORK receives caches and checkpoints and must lie outside the repository.
set -eu
shared=$1
work=$2
here=$(dirname "$0")
python=${PYTHON:-python3}
mkdir -p "$work"
for member in 0 1 2; do
    "$python" "$here/train.py" --shared "$shared" --work "$work" --member "$member" --epochs 20
done
"$python" "$here/scope.py" --shared "$shared" --work "$work" --steps 1500
"$python" "$here/films.py" --shared "$shared" --work "$work"
"$python" "$here/export.py" --shared "$shared" --work "$work" --members 0 1 2
"$python" "$here/card.py"
