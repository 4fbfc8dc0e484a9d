#!/bin/sh
# Prints the credentials of `ra-signer credential-process --cache …` from the cache, or starts Node.js when it has none.
#
# usage: cached.sh NODE MAIN credential-process --cache --certificate /absolute/path …
#
# src/cache defines the names and contents of cache entries; a test checks that both agree.
set -f
US=""

lookup() {
  key= certificate= previous=
  for word; do
    key=$key$word$US
    case $previous in --certificate) certificate=$word ;; esac
    case $word in --certificate=*) certificate=${word#*=} ;; esac
    previous=$word
  done
  case $certificate in /*) ;; *) return 1 ;; esac
  key=$key$certificate$US${AWS_ENDPOINT_URL_ROLESANYWHERE-}$US${AWS_ENDPOINT_URL-}$US${AWS_IGNORE_CONFIGURED_ENDPOINT_URLS-}
  key=$key$US${AWS_USE_FIPS_ENDPOINT-}$US${AWS_USE_DUALSTACK_ENDPOINT-}
  folder=${RA_SIGNER_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME-}/.cache}/ra-signer}

  # Checksum and length of the key, then of the certificate. A here-document needs no second process, unlike a pipe.
  set -- $(cksum /dev/stdin "$certificate" <<KEY
$key
KEY
)
  entry=$folder/$1-$2.$4-$5
  # Only this user can have written the entry: it is private, and others cannot write to its folder.
  [ -f "$entry" ] && [ ! -L "$entry" ] && [ -O "$entry" ] && [ -O "$folder" ] || return 1
  case $(LC_ALL=C ls -ldn "$folder/." "$entry") in
    d????-??-*"
"-???------*) ;;
    *) return 1 ;;
  esac
  {
    IFS= read -r first && IFS= read -r fresh_until && IFS= read -r stored && IFS= read -r json &&
      IFS= read -r expiration && IFS= read -r last
  } <"$entry" || return 1
  [ "$first" = "ra-signer cache 1" ] && [ "$last" = end ] && [ "$stored" = "$key" ] || return 1
  IFS= read -r now && [ "$fresh_until" -gt "$now" ] && printf %s "$json"
}

node=$1 main=$2
shift 2
# The time comes through a pipe, so that both processors work at once.
date +%s 2>/dev/null | lookup "$@" 2>/dev/null || exec "$node" "$main" "$@"
