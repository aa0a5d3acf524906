#pragma once

namespace kvc {

/// Opens /dev/null in place of each standard stream that is closed. Else the
/// next file or connection would get its number, and what is logged would go
/// there. Call it first in every program; ends the process if it fails.
void open_standard_streams();

}  // namespace kvc
