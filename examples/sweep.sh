#!/usr/bin/env bash
# A sweep over the number of objects and the light: one data set for each of the four combinations.
# Objects and cameras are the same under both lights, so a detector's scores on the two can be compared.
set -euo pipefail

sim2coco generate -m scene.num_objects=3,8 light=day,dusk num_images=20 \
    'out=data/sweep/${scene.num_objects}_objects_${hydra:runtime.choices.light}' "$@"

for folder in data/sweep/*/; do  # sweep.csv, sweep.md and sweep.svg, which compare them, lie there too
    sim2coco check "$folder"
done
