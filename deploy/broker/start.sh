#!/bin/sh
# Starts RabbitMQ with exactly these users. Their passwords come from the environment and are hashed
# into the definitions that the broker imports at every start, so a changed password counts after
# `up`. Without Docker, the arguments are the command that starts RabbitMQ.
set -eu

: "${BROKER_ADMIN_PASSWORD:?set BROKER_ADMIN_PASSWORD in .env}"
: "${BROKER_LISTER_PASSWORD:?set BROKER_LISTER_PASSWORD in .env}"
: "${BROKER_DOWNLOADER_PASSWORD:?set BROKER_DOWNLOADER_PASSWORD in .env}"
: "${BROKER_LEDGER_PASSWORD:?set BROKER_LEDGER_PASSWORD in .env}"
: "${BROKER_MONITOR_PASSWORD:?set BROKER_MONITOR_PASSWORD in .env}"

# name password tag: base64(salt + sha256(salt + password)), where the salt has four bytes.
user() {
  salt=$(openssl rand -base64 3)
  hash=$({ printf %s "$salt"; printf %s "$salt$2" | openssl dgst -sha256 -binary; } | openssl base64 -A)
  printf '{"name":"%s","password_hash":"%s","hashing_algorithm":"rabbit_password_hashing_sha256","tags":"%s"}' \
    "$1" "$hash" "$3"
}

# name configure write read: the rights of a user to exchanges and queues.
permission() {
  printf '{"user":"%s","vhost":"/","configure":"%s","write":"%s","read":"%s"}' "$1" "$2" "$3" "$4"
}

# One more user per download host that is named: BROKER_DOWNLOADERS="attic=password
# cellar=password". Such a user can report in the name of its own host only. Remove its name here to
# remove the user. Names and passwords have no blanks.
host_users='' host_permissions=''

nothing='^$'
source='^brigade[.][^.]+[.]'
# Every service publishes batches and results, messages that it gives back, that are tried later, or
# that it cannot read. Directories and pages, which listers publish, have exchanges of their own,
# also for waiting. So have messages that the ledger gives back.
everybody='work|wait[.][^.]+|records|dead'
listers="$everybody|listing|listing-wait[.][^.]+"
ledgers="$listers|back|back-wait[.][^.]+"
# Since RabbitMQ 4.3, a user needs some right to a queue to ask for its depth. A right to write to a
# queue allows binding it to an exchange that the user may read, and no such exchange carries work.
depths='directories|files|retry|wait[.][^.]+|records'
# Listers and downloaders report through an exchange that RabbitMQ itself has. The ledger receives
# the reports through a queue of its own.
announcements='^amq[.]topic$'
downloads="${source}x[.]($everybody)\$|$announcements"
fetched="$source(files|retry)\$"
listening='^brigade[.]presence[.][0-9a-f-]{36}$'
# Only the ledger may tell services what people order. Each service hears that through a queue of
# its own, to which no other connection has access.
control='^brigade[.]control$'
told='^brigade[.]control[.][0-9a-f-]{36}$'

for pair in ${BROKER_DOWNLOADERS:-}; do
  name=${pair%%=*}
  case $name in
    '' | *[!A-Za-z0-9.-]*)
      echo "BROKER_DOWNLOADERS: \"$name\" is no host name" >&2
      exit 1
      ;;
  esac
  host_users="$host_users$(user "brigade-downloader-$name" "${pair#*=}" ''),
    "
  host_permissions="$host_permissions$(permission "brigade-downloader-$name" "$told" "$downloads|$told" "$fetched|$told|$control"),
    "
done

umask 077
definitions=${BROKER_DEFINITIONS:-/etc/rabbitmq/definitions.json}
cat >"$definitions" <<END
{
  "vhosts": [{ "name": "/" }],
  "users": [
    $(user brigade-admin "$BROKER_ADMIN_PASSWORD" ''),
    $(user brigade-lister "$BROKER_LISTER_PASSWORD" ''),
    $(user brigade-downloader "$BROKER_DOWNLOADER_PASSWORD" ''),
    $host_users$(user brigade-ledger "$BROKER_LEDGER_PASSWORD" ''),
    $(user brigade-monitor "$BROKER_MONITOR_PASSWORD" monitoring)
  ],
  "permissions": [
    $(permission brigade-admin '^brigade[.]' '^brigade[.]' '^brigade[.]'),
    $(permission brigade-lister "$told" "$source(x[.]($listers)|$depths)\$|$announcements|$told" \
      "${source}directories\$|$told|$control"),
    $(permission brigade-downloader "$told" "$downloads|$told" "$fetched|$told|$control"),
    $host_permissions$(permission brigade-ledger "$listening|$control" \
      "$source(x[.]($ledgers)|$depths|dead)\$|$listening|$control" "${source}records\$|$listening|$announcements"),
    $(permission brigade-monitor "$nothing" "$nothing" "$nothing")
  ]
}
END
chown rabbitmq "$definitions"

# With TLS (deploy/tls.yml): the key on the host may be readable to its owner only.
certificates=/var/lib/rabbitmq/certificates
if [ -d /run/certificates ]; then
  install -d -o rabbitmq -m 700 "$certificates"
  install -o rabbitmq -m 400 /run/certificates/*.pem "$certificates"
fi

[ $# -gt 0 ] || set -- docker-entrypoint.sh rabbitmq-server
exec "$@"
