#!/bin/sh
# Fails when a folder includes what it must not: folders above it, or a library
# that belongs elsewhere. Usage: check_includes.sh [ROOT]
cd "${1:-$(dirname "$0")/..}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

grep -rnE --include='*.[ch]pp' '^ *# *include *[<"]' \
  messages config net actors apps >"$work/includes"
: >"$work/found"

report() { # reason; reads violations
  sed "s,\$,  <- $1," >>"$work/found"
}

may_include() { # folder, folders it may include
  grep -E "^$1/.*include *\"" "$work/includes" |
    grep -vE "include *\"($2)" | report "not for $1"
}

only_in() { # a library's headers, folders it belongs to
  grep -E "include *[<\"]($1)" "$work/includes" |
    grep -vE "^($2)" | report "only in $2"
}

base='net/transport/|messages/|config/'
may_include messages 'messages/'
may_include config 'config/'
for folder in net/*/; do
  may_include "${folder%/}" "$folder|$base"
done
for folder in actors/*/; do
  may_include "${folder%/}" "$folder|actors/hashing/|$base"
done
may_include apps 'apps/|actors/|net/|messages/|config/'

only_in 'caf/'        'messages/|actors/|net/|apps/'
only_in 'boost/beast' 'net/http/'
only_in 'boost/'      'net/'
only_in 'uc[pst]/'    'net/ucx/'
only_in 'spdlog/'     'actors/|net/|apps/'
only_in 'yaml-cpp/'   'config/'
only_in 'CLI/'        'config/|apps/'

sort -u "$work/found"
[ ! -s "$work/found" ]
