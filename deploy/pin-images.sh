#!/bin/sh
# Writes the present digest of each image's tag into .env, so that no other image comes under its
# name: NODE_IMAGE=node:…@sha256:… Run it again after a change of version, or with another tag in
# .env. If no registry answers, a variable stays as it is, and the exit code is 1.
set -eu
cd "$(dirname "$0")/.."
umask 077
command -v docker >/dev/null || {
  echo "pin-images: there is no docker on this machine, which asks the registry for the digests" >&2
  exit 1
}
touch .env

# Prints the image of a variable, from .env or else from docker-compose.yml, without quotes and
# digest.
tag() {
  given=$(sed -n "s/^$1=//p" .env | tail -n 1 | tr -d "\"'\r")
  default=$(sed -n "s/.*[$]{$1:-\([^}]*\)}.*/\1/p" docker-compose.yml | head -n 1)
  printf %s "${given:-$default}" | sed 's/@.*//'
}

# Prints the digest that the registry has for this tag. An image that was only built here has none.
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
  # The file is written over, so that it keeps its owner and mode.
  others=$(grep -v "^$variable=" .env || true)
  printf '%s\n' "$others" "$variable=$image@$digest" | sed '/./,$!d' >.env.new
  cat .env.new >.env
  rm .env.new
  echo "$variable=$image@$digest"
done
exit $status
