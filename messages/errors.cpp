#include "messages/errors.hpp"

#include <caf/atom.hpp>
#include <caf/message.hpp>

namespace kvc {

std::string to_string(errc code) {
  switch (code) {  // No default, so that -Wswitch reports a missing case.
    case errc::invalid_request:
      return "invalid_request";
    case errc::unknown_worker:
      return "unknown_worker";
    case errc::unknown_instance:
      return "unknown_instance";
    case errc::stale_epoch:
      return "stale_epoch";
    case errc::superseded:
      return "superseded";
    case errc::version_mismatch:
      return "version_mismatch";
    case errc::hashing_mismatch:
      return "hashing_mismatch";
    case errc::rank_count_mismatch:
      return "rank_count_mismatch";
    case errc::not_ready:
      return "not_ready";
    case errc::unauthorized:
      return "unauthorized";
    case errc::unreachable:
      return "unreachable";
    case errc::timed_out:
      return "timed_out";
    case errc::connection_lost:
      return "connection_lost";
    case errc::no_capacity:
      return "no_capacity";
    case errc::unknown_location:
      return "unknown_location";
    case errc::unknown_event:
      return "unknown_event";
    case errc::too_busy:
      return "too_busy";
    case errc::io_failed:
      return "io_failed";
    case errc::shapes_differ:
      return "shapes_differ";
    case errc::p2p_disabled:
      return "p2p_disabled";
    case errc::too_late:
      return "too_late";
  }
  return "errc_" + std::to_string(static_cast<unsigned>(code));  // Newer peer.
}

std::string describe(const caf::error& error) {
  if (error.category() != caf::atom("kvc"))
    return to_string(error);
  auto result = to_string(static_cast<errc>(error.code()));
  if (error.context().match_elements<std::string>())
    result += ": " + error.context().get_as<std::string>(0);
  return result;
}

}  // namespace kvc
