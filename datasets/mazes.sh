#!/bin/sh
# GQN mazes into datasets/gqn_mazes-torch. Run again, it goes on where it stopped.
set -e
cd "$(dirname "$0")/.."
npx fdm data download mazes
npx fdm data convert datasets/gqn_mazes.zip --dataset mazes_cwvae
