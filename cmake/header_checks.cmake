# header_checks builds only if every header compiles by itself.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  actors/*.hpp apps/*.hpp config/*.hpp messages/*.hpp net/*.hpp tests/*.hpp)
set(checks)
foreach(header ${headers})
  set(check ${PROJECT_BINARY_DIR}/header_checks/${header}.cpp)
  file(CONFIGURE OUTPUT ${check} CONTENT "#include \"${header}\"\n")
  list(APPEND checks ${check})
endforeach()
add_library(header_checks OBJECT EXCLUDE_FROM_ALL ${checks})
target_link_libraries(header_checks PRIVATE kvc_node CLI11::CLI11 doctest::doctest)
