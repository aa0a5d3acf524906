# kvc_options: what every target of ours is compiled with.
set(KVC_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

add_library(kvc_options INTERFACE)
target_compile_features(kvc_options INTERFACE cxx_std_20)
target_compile_options(kvc_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
target_include_directories(kvc_options INTERFACE ${PROJECT_SOURCE_DIR})
# Tests of the release are tests of its libraries: optimising them takes a third longer.
set(is_test $<BOOL:$<TARGET_PROPERTY:KVC_IS_TEST>>)
target_compile_options(kvc_options INTERFACE $<$<AND:$<CONFIG:Release>,${is_test}>:-O0>)
set(is_cold $<BOOL:$<TARGET_PROPERTY:KVC_IS_COLD>>)
target_compile_options(kvc_options INTERFACE $<$<AND:$<CONFIG:Release>,${is_cold}>:-O1>)
# A tenth less time for a third more memory: 0.7 GB a job.
target_compile_options(kvc_options INTERFACE --param=ggc-min-heapsize=4000000)
if(KVC_SANITIZE)
  # CAF's headers bind null references when they spawn functions without arguments.
  # Checks of alignment are a quarter of the time that tests take to compile; our
  # own code, which is in the libraries, has them.
  # GCC 12 warns of instrumented code that is right, std::regex among it (its bug 105562).
  target_compile_options(kvc_options INTERFACE -fsanitize=${KVC_SANITIZE}
    -fno-sanitize=null$<${is_test}:,alignment>
    -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(kvc_options INTERFACE -fsanitize=${KVC_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Presets and clones share what they compile alike, wherever they lie.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()
