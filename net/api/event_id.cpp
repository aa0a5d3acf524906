#include "net/api/event_id.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace kvc {

std::string make_event_id(std::string_view prefix) {
  // Seeded by the system once for each thread: lookups make no system calls.
  thread_local boost::uuids::random_generator_mt19937 generator;
  return std::string{prefix} + boost::uuids::to_string(generator());
}

}  // namespace kvc
