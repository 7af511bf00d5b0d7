#!/bin/sh
# MineRL Navigate into datasets/minerl_navigate-torch: from the folder of the TensorFlow data set, if one is
# given, else from the published films. Run again, it goes on where it stopped.
set -e
cd "$(dirname "$0")/.."
if [ -n "$1" ]; then
  npx fdm data convert "$1" --dataset minerl
else
  npx fdm data download minerl
  npx fdm data convert datasets/minerl_navigate.zip --dataset minerl
fi
