#pragma once

namespace kvc {

/// How the program ends. Scripts rely on the numbers.
enum class exit_code : int {
  ok = 0,             ///< Done, found, healthy.
  nothing = 1,        ///< Nothing found, or not healthy.
  usage = 2,          ///< The command line or an input file makes no sense.
  unreachable = 3,    ///< No answer, or none in time.
  refused = 4,        ///< The controller refused, or its answer is not one.
  failed = 5,         ///< An event failed or was cancelled.
  running = 6,        ///< The event still runs when the time to wait is over.
  interrupted = 130,  ///< By SIGINT, as shells count it.
};

}  // namespace kvc
