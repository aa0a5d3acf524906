// A process that owns a transport, for the tests: fills its memory, prints its
// address in hexadecimal digits and its port, and lives until its input ends.
// Fails with 3 if UCX changed its process. Usage: wire_ucx_peer BYTES SEED
// shared|tcp
#include "net/transport/transport_module.hpp"
#include "tests/wire/ucx/pattern.hpp"

#include <dlfcn.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

namespace {

using code = std::array<unsigned char, 16>;

/// The beginning of libc's munmap, which UCX would overwrite.
code munmap_code() {
  code result{};
  std::memcpy(result.data(), ::dlsym(RTLD_DEFAULT, "munmap"), result.size());
  return result;
}

bool is_default(int signal) {
  struct sigaction found {};
  return ::sigaction(signal, nullptr, &found) == 0 &&
         found.sa_handler == SIG_DFL;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
  const auto code_before = munmap_code();
  const std::array before{is_default(SIGSEGV), is_default(SIGHUP)};
  const auto opened = kvc::open_transport(
    {.memory_bytes = std::stoull(argv[1]),
     .allow_shared_memory = std::string{argv[3]} == "shared"},
    KVC_UCX_MODULE);
  if (!opened.value) {
    std::cerr << "wire_ucx_peer: " << opened.error << '\n';
    return 1;
  }
  kvc::test::fill(opened.value->memory(), std::stoull(argv[2]));
  for (const auto x : opened.value->address())
    std::printf("%02x", static_cast<unsigned char>(x));
  std::printf(" %u\n", unsigned{opened.value->port()});
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  // Sanitizers take some of these signals before.
  const std::array after{is_default(SIGSEGV), is_default(SIGHUP)};
  const auto is_changed = munmap_code() != code_before || after != before;
  return is_changed ? 3 : 0;
}
