# A library per room: all sources of `folder`, compiled with our options.
# Usage: kvc_library(kvc_link net/link PUBLIC kvc_messages PRIVATE OpenSSL::Crypto)
function(kvc_library name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC kvc_options ${ARGN})
endfunction()

# A module that programs open at run time; it lies beside them.
function(kvc_module name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  add_library(${name} MODULE ${sources})
  target_link_libraries(${name} PRIVATE kvc_options ${ARGN})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# A library of one source, which says what version this is. Each build writes it anew, and
# compiles it if it has changed.
function(kvc_version_library name)
  set(source ${PROJECT_BINARY_DIR}/build_version.cpp)
  add_custom_target(${name}_source BYPRODUCTS ${source} VERBATIM
    COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D VERSION=${PROJECT_VERSION}
      -D OUTPUT=${source} -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake)
  add_library(${name} STATIC ${source})
  target_link_libraries(${name} PUBLIC kvc_options)
  add_dependencies(${name} ${name}_source)
endfunction()

# A program: all sources of a folder and the folders in it.
function(kvc_program name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE kvc_options ${ARGN})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# One doctest binary per folder below tests/: tests/unit/link gives unit_link.
function(kvc_test kind folder)
  set(in ${PROJECT_SOURCE_DIR}/tests/${kind}/${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${in}/*_test.cpp ${in}/*_fixture.cpp ${in}/*_fakes.cpp)
  set(name ${kind}_${folder})
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES KVC_IS_TEST ON)
  target_link_libraries(${name} PRIVATE kvc_options kvc_test_support spdlog::spdlog ${ARGN})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${kind} TIMEOUT 300)
endfunction()
