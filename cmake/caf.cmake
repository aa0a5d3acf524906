# Debian's libcaf-dev ships neither a CMake package nor pkg-config files.
find_package(Threads REQUIRED)
find_path(CAF_INCLUDE_DIR caf/actor.hpp REQUIRED)
file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp caf_version REGEX "#define CAF_VERSION")
if(NOT caf_version MATCHES "1706")
  message(FATAL_ERROR "kvc needs CAF 0.17.6, found: ${caf_version}")
endif()

function(import_caf name)
  find_library(CAF_${name}_LIBRARY caf_${name} REQUIRED)
  add_library(CAF::${name} SHARED IMPORTED)  # Imported includes count as SYSTEM.
  set_target_properties(CAF::${name} PROPERTIES
    IMPORTED_LOCATION ${CAF_${name}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()

import_caf(core Threads::Threads)
import_caf(io CAF::core)
