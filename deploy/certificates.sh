#!/bin/sh
# Makes a certificate for the broker, valid for the given names and addresses, signed by a private
# CA that the first run makes:
#   deploy/certificates.sh head.example.com 192.0.2.10
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p certificates
cd certificates

# The broker's name within its compose network, then its names on other hosts.
names=DNS:broker
for name in "$@"; do
  case $name in
    *[!0-9.]*) names=$names,DNS:$name ;;
    *) names=$names,IP:$name ;;
  esac
done

new_key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc'
if [ ! -e ca.pem ]; then
  openssl req -x509 $new_key -days 3650 -subj '/CN=brigade CA' -keyout ca-key.pem -out ca.pem
fi
openssl req $new_key -subj /CN=broker -addext "subjectAltName=$names" -keyout broker-key.pem -out broker.csr
openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca-key.pem -days 825 -copy_extensions copy -out broker.pem
rm broker.csr
chmod 644 ca.pem broker.pem
