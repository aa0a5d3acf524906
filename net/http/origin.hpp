#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kvc {

/// Whether a web page of this origin may change something here: one of the
/// allowed origins, or the address, or localhost, that the request's field Host
/// has too. Another name does not prove anything: its owner can let it mean any
/// address.
bool may_change_state(std::string_view origin, std::string_view host,
                      std::span<const std::string> allowed);

}  // namespace kvc
