#!/bin/sh
# Checks check_includes.sh: it must name each violation that is planted in a copy
# of the tree, once, and nothing else.
root=$(cd "$(dirname "$0")/.." && pwd) || exit 2
copy=$(mktemp -d) || exit 2
trap 'rm -rf "$copy"' EXIT
for folder in messages config net actors apps; do
  cp -r "$root/$folder" "$copy" || exit 2
done
"$root/tests/check_includes.sh" "$copy" || exit 1

planted=0
plant() { # room, ending of the file's name, line
  planted=$((planted + 1))
  file=$1/planted$planted.$2
  mkdir -p "$copy/$1"
  echo "$3" >"$copy/$file"
  echo "$file:1:$3" >>"$copy/expected"
}

plant messages       hpp '#include "config/load.hpp"'
plant messages       cpp '#include <spdlog/fmt/fmt.h>'
plant config         hpp '#include "messages/fwd.hpp"'
plant config         hpp '#include <caf/fwd.hpp>'
plant config         cpp '#include <spdlog/fmt/fmt.h>'
plant net/transport  cpp '#include "net/link/x.hpp"'
plant net/http       cpp '#include "net/api/x.hpp"'
plant net/api        cpp '#include "actors/worker/x.hpp"'
plant net/api        cpp '#include "net/link/x.hpp"'
plant net/api        cpp '#include <boost/beast/core.hpp>'
plant net/link       cpp '#include <boost/beast/core.hpp>'
plant net/link       cpp '#include <ucp/api/ucp.h>'
plant net/ucx        cpp '#include <yaml-cpp/yaml.h>'
plant net/http       cpp '#include <curl/curl.h>'
plant net/client     cpp '#include "net/http/x.hpp"'
plant actors/worker  cpp '#include <spdlog/spdlog.h>'
plant actors/hashing cpp '#include "actors/codec/x.hpp"'
plant actors/codec   cpp '#include "actors/store/x.hpp"'
plant actors/store   cpp '#include "actors/reporting/x.hpp"'
plant actors/fleet   cpp '#include "actors/index/x.hpp"'
plant actors/index   cpp '#include "actors/store/x.hpp"'
plant actors/peers   cpp '#include "actors/commands/x.hpp"'
plant actors/events  cpp '#include "actors/worker/x.hpp"'
plant actors/worker  cpp '#include "net/http/x.hpp"'
plant actors/worker  cpp '#include "actors/events/x.hpp"'
plant actors/worker  cpp '#include <boost/asio.hpp>'
plant actors/worker  hpp '#  include <CLI/CLI.hpp>'
plant actors/nowhere hpp '#include "messages/fwd.hpp"'
plant apps/workload  cpp '#include "apps/node/x.hpp"'
plant apps/node      cpp '#include "apps/bench/x.hpp"'
plant apps/node      cpp '#include <boost/asio.hpp>'
plant apps/node      cpp '#include "tests/support/x.hpp"'

sort -o "$copy/expected" "$copy/expected"
"$root/tests/check_includes.sh" "$copy" >"$copy/output" && exit 1
sed 's/  <- .*//' "$copy/output" | sort | diff "$copy/expected" -
