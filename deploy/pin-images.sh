#!/bin/sh
# Writes into .env which image a tag is now, so that no other comes under its name: NODE_IMAGE=node:…@sha256:…
# To be run again after a change of version, or with another tag in .env. Where no registry answers, a variable stays as it is: exit code 1.
set -eu
cd "$(dirname "$0")/.."
umask 077
command -v docker >/dev/null || {
  echo "pin-images: there is no docker on this machine, which asks the registry for the digests" >&2
  exit 1
}
touch .env

# The image of a variable: as .env has it, else as docker-compose.yml has it; without quotes and digest.
tag() {
  given=$(sed -n "s/^$1=//p" .env | tail -n 1 | tr -d "\"'\r")
  default=$(sed -n "s/.*[$]{$1:-\([^}]*\)}.*/\1/p" docker-compose.yml | head -n 1)
  printf %s "${given:-$default}" | sed 's/@.*//'
}

# What the registry has under this tag. An image that was only built here has no digest.
digest() {
  docker pull --quiet "$1" >/dev/null &&
    docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" |
    sed -n 's/.*@\(sha256:[0-9a-f]*\)$/\1/p' | head -n 1
}

status=0
for variable in BROKER_IMAGE NODE_IMAGE; do
  image=$(tag "$variable")
  digest=$(digest "$image") || digest=
  if [ -z "$digest" ]; then
    echo "pin-images: $variable stays as it is: no registry gave a digest of $image" >&2
    status=1
    continue
  fi
  # Written over, so that the file keeps its owner and mode.
  others=$(grep -v "^$variable=" .env || true)
  printf '%s\n' "$others" "$variable=$image@$digest" | sed '/./,$!d' >.env.new
  cat .env.new >.env
  rm .env.new
  echo "$variable=$image@$digest"
done
exit $status
