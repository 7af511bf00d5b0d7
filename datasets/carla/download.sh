#!/bin/sh
# CARLA's videos into datasets/carla/no-traffic, and their lists. Run again, it goes on where it stopped.
set -e
cd "$(dirname "$0")/../.."
npx fdm data download carla
npx fdm data split --dir datasets/carla/no-traffic
