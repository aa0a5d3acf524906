#include "messages/hash_settings.hpp"
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

std::string to_string(hash_algorithm algorithm) {
  switch (algorithm) {
    case hash_algorithm::builtin:
      return "builtin";
    case hash_algorithm::sha256_cbor:
      return "sha256_cbor";
  }
  return "algorithm_" + std::to_string(static_cast<unsigned>(algorithm));
}

}  // namespace kvc
