#!/bin/sh
# Answers `ra-signer credential-process --cache …` from the cache without starting Node.js, or else starts it.
#
# usage: cached.sh NODE MAIN credential-process --cache --certificate /absolute/path …
#
# Names and contents of cache entries are those of src/cache: keep both alike (a test holds them to it).
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

  # checksum and length of the key, then of the certificate; a here-document spares the process that a pipe takes
  set -- $(cksum /dev/stdin "$certificate" <<KEY
$key
KEY
)
  entry=$folder/$1-$2.$4-$5
  # Nobody else may have put the entry there: a private file in a folder of this user's that others cannot write to.
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
  [ "$fresh_until" -gt "$(date +%s)" ] && printf %s "$json"
}

node=$1 main=$2
shift 2
lookup "$@" 2>/dev/null || exec "$node" "$main" "$@"
