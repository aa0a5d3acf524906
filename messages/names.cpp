#include "messages/hash_settings.hpp"
#include "messages/index_shard.hpp"
#include "messages/worker_id.hpp"

namespace kvc {

std::string to_string(location where) {
  switch (where) {
    case location::cpu:
      return "LocalCPUBackend";
    case location::disk:
      return "LocalDiskBackend";
  }
  return "location_" + std::to_string(static_cast<unsigned>(where));
}

std::optional<location> location_named(std::string_view name) {
  for (const auto where : {location::cpu, location::disk})
    if (name == to_string(where))
      return where;
  return std::nullopt;
}

std::string to_string(hash_algorithm algorithm) {
  switch (algorithm) {
    case hash_algorithm::builtin:
      return "builtin";
    case hash_algorithm::sha256_cbor:
      return "sha256_cbor";
  }
  return "algorithm_" + std::to_string(static_cast<unsigned>(algorithm));
}

std::string to_string(report_status status) {
  switch (status) {
    case report_status::applied:
      return "applied";
    case report_status::stale_epoch:
      return "stale_epoch";
    case report_status::needs_sync:
      return "needs_sync";
    case report_status::invalid:
      return "invalid";
    case report_status::out_of_memory:
      return "out_of_memory";
  }
  return "status_" + std::to_string(static_cast<unsigned>(status));
}

}  // namespace kvc
