#include "net/transport/transport.hpp"

namespace kvc {

std::string to_string(read_status status) {
  switch (status) {
    case read_status::done:
      return "done";
    case read_status::bad_address:
      return "bad_address";
    case read_status::out_of_bounds:
      return "out_of_bounds";
    case read_status::unreachable:
      return "unreachable";
    case read_status::timed_out:
      return "timed_out";
    case read_status::cancelled:
      return "cancelled";
    case read_status::too_busy:
      return "too_busy";
  }
  return "???";
}

}  // namespace kvc
