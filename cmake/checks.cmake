# One test per script of tests/integration; they run the programs just built.
file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests/integration
  ${PROJECT_SOURCE_DIR}/tests/integration/*_test.py)
foreach(script ${scripts})
  string(REGEX REPLACE "_test\\.py$" "" name integration_${script})
  add_test(NAME ${name}
    COMMAND python3 -m unittest discover -s tests/integration -p ${script}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES
    LABELS integration TIMEOUT 900 RUN_SERIAL ON
    FAIL_REGULAR_EXPRESSION "Ran 0 tests in [0-9.]+s\n\nOK\n"
    SKIP_REGULAR_EXPRESSION "Ran 0 tests in [0-9.]+s\n\nOK .skipped="
    ENVIRONMENT "KVC_BIN=${PROJECT_BINARY_DIR}/bin;PYTHONDONTWRITEBYTECODE=1")
endforeach()

# header_checks builds only if every header compiles by itself. Where a source
# begins with its own header, its compilation is that check (as of the configuration).
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  actors/*.hpp apps/*.hpp config/*.hpp messages/*.hpp net/*.hpp tests/*.hpp)
set(checks)
foreach(header ${headers})
  string(REGEX REPLACE "\\.hpp$" ".cpp" source ${PROJECT_SOURCE_DIR}/${header})
  set(first "")
  if(EXISTS ${source})
    file(STRINGS ${source} first REGEX "^#include" LIMIT_COUNT 1)
  endif()
  if(first STREQUAL "#include \"${header}\"")
    continue()
  endif()
  set(check ${PROJECT_BINARY_DIR}/header_checks/${header}.cpp)
  file(CONFIGURE OUTPUT ${check} CONTENT "#include \"${header}\"\n")
  list(APPEND checks ${check})
endforeach()
add_library(header_checks OBJECT EXCLUDE_FROM_ALL ${checks})
target_link_libraries(header_checks PRIVATE kvc_node CLI11::CLI11 doctest::doctest)
# Where the UCX module and its test peer are: what those tests are told.
target_compile_definitions(header_checks PRIVATE KVC_UCX_MODULE="" KVC_UCX_PEER="")

# test_programs builds what the unit and wire tests run.
get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
list(FILTER targets INCLUDE REGEX "^(unit|wire)_")
add_custom_target(test_programs DEPENDS ${targets})

# All of them run with sanitizers; where optimised code may do something else, the
# release runs them as well.
set(optimised unit_hashing unit_codec unit_transport wire_ucx)
add_custom_target(optimised_tests DEPENDS ${optimised})
set_property(TEST ${optimised} APPEND PROPERTY LABELS optimised)
