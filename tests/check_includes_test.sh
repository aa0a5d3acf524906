#!/bin/sh
# Checks check_includes.sh: it must name each violation that is planted in a copy
# of the tree, and nothing else.
root=$(cd "$(dirname "$0")/.." && pwd) || exit 2
copy=$(mktemp -d) || exit 2
trap 'rm -rf "$copy"' EXIT
for folder in messages config net actors apps; do
  cp -r "$root/$folder" "$copy" || exit 2
done
status=0

expect_violation() { # file, line
  mkdir -p "$copy/$(dirname "$1")"
  echo "$2" >"$copy/$1"
  output=$("$root/tests/check_includes.sh" "$copy")
  if [ $? -ne 1 ] || [ "$(echo "$output" | grep -c .)" -ne 1 ] ||
    ! echo "$output" | grep -qF "$1:1:$2"; then
    echo "not reported, or not alone: $2 in $1: $output"
    status=1
  fi
  rm "$copy/$1"
}

"$root/tests/check_includes.sh" "$copy" || exit 1
expect_violation messages/planted.hpp       '#include "config/load.hpp"'
expect_violation messages/planted.cpp       '#include <spdlog/spdlog.h>'
expect_violation config/planted.hpp         '#include "messages/fwd.hpp"'
expect_violation config/planted.hpp         '#include <caf/fwd.hpp>'
expect_violation config/planted.cpp         '#include <spdlog/spdlog.h>'
expect_violation net/transport/planted.cpp  '#include "net/link/x.hpp"'
expect_violation net/http/planted.cpp       '#include "net/api/x.hpp"'
expect_violation net/api/planted.cpp        '#include "actors/worker/x.hpp"'
expect_violation net/api/planted.cpp        '#include "net/link/x.hpp"'
expect_violation net/api/planted.cpp        '#include <boost/beast/core.hpp>'
expect_violation net/link/planted.cpp       '#include <boost/beast/core.hpp>'
expect_violation net/link/planted.cpp       '#include <ucp/api/ucp.h>'
expect_violation net/ucx/planted.cpp        '#include <yaml-cpp/yaml.h>'
expect_violation actors/hashing/planted.cpp '#include "actors/codec/x.hpp"'
expect_violation actors/codec/planted.cpp   '#include "actors/store/x.hpp"'
expect_violation actors/store/planted.cpp   '#include "actors/reporting/x.hpp"'
expect_violation actors/fleet/planted.cpp   '#include "actors/index/x.hpp"'
expect_violation actors/index/planted.cpp   '#include "actors/store/x.hpp"'
expect_violation actors/peers/planted.cpp   '#include "actors/commands/x.hpp"'
expect_violation actors/events/planted.cpp  '#include "actors/worker/x.hpp"'
expect_violation actors/worker/planted.cpp  '#include "net/http/x.hpp"'
expect_violation actors/worker/planted.cpp  '#include "actors/events/x.hpp"'
expect_violation actors/worker/planted.cpp  '#include <boost/asio.hpp>'
expect_violation actors/worker/planted.hpp  '#  include <CLI/CLI.hpp>'
expect_violation actors/nowhere/planted.hpp '#include "messages/fwd.hpp"'
expect_violation apps/workload/planted.cpp  '#include "apps/node/x.hpp"'
expect_violation apps/node/planted.cpp      '#include "apps/bench/x.hpp"'
expect_violation apps/node/planted.cpp      '#include <boost/asio.hpp>'
expect_violation apps/node/planted.cpp      '#include "tests/support/x.hpp"'
exit $status
