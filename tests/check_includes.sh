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

may_include() { # room, rooms that it may include besides itself...
  room=$1 allowed=$1/
  shift
  for other in "$@"; do allowed="$allowed|$other/"; done
  echo "$room" >>"$work/rooms"
  grep -E "^$room/[^/]*:.*include *\"" "$work/includes" |
    grep -vE "include *\"($allowed)" | report "not for $room"
}

only_in() { # a library's headers, folders it belongs to
  grep -E "include *[<\"]($1)" "$work/includes" |
    grep -vE "^($2)" | report "only in $2"
}

net='net/transport messages config'
may_include messages
may_include config
may_include net/transport  $net
may_include net/ucx        $net
may_include net/link       $net
may_include net/http       $net
may_include net/api        net/http $net
may_include net/client     $net

# The rooms of actors, floor by floor: each may include those that it names.
may_include actors/hashing   $net
may_include actors/codec     $net
may_include actors/pool      $net
may_include actors/store     actors/codec $net
may_include actors/fleet     actors/hashing $net
may_include actors/reporting actors/store $net
may_include actors/index     actors/fleet $net
may_include actors/peers     actors/store actors/codec actors/pool $net
may_include actors/events    $net
may_include actors/commands  actors/peers actors/reporting actors/store actors/codec actors/pool $net
may_include actors/worker    actors/commands actors/peers actors/reporting actors/store actors/codec \
  actors/hashing actors/pool $net

below_apps="actors/[a-z]+ net/[a-z]+ $net"
may_include apps/workload   $below_apps
may_include apps/node       apps/workload $below_apps
may_include apps/controller apps/node $below_apps
may_include apps/worker     apps/node apps/workload $below_apps
may_include apps/kvc        $below_apps
for room in apps/bench apps/bench/*/; do
  may_include "${room%/}" apps/bench apps/bench/[a-z]+ apps/node apps/workload $below_apps
done

# A room that nobody has thought of has no direction.
awk -F/ 'NR == FNR { known[$0]; next }
  { room = $0; sub("/[^/]*:.*", "", room); if (!(room in known)) print }' \
  "$work/rooms" "$work/includes" | report "a room without a rule"

only_in 'caf/'        'messages/|actors/|net/|apps/'
only_in 'boost/beast' 'net/http/|apps/bench/http/http_reference'
only_in 'boost/'      'net/|apps/bench/http/http_reference'
only_in 'curl/'       'net/client/'
only_in 'uc[pst]/'    'net/ucx/'
only_in 'spdlog/spdlog' 'messages/log\.hpp'
only_in 'spdlog/'     'messages/log\.hpp|actors/|net/|apps/'
only_in 'yaml-cpp/'   'config/'
only_in 'CLI/'        'config/|apps/'

sort -u "$work/found"
[ ! -s "$work/found" ]
