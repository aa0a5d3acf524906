// A process that owns a transport, for the tests: fills its memory, prints its
// address in hexadecimal digits and lives until its input ends.
// Usage: wire_ucx_peer BYTES SEED shared|tcp
#include "net/transport/transport_module.hpp"
#include "tests/wire/ucx/pattern.hpp"

#include <cstdio>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
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
  std::printf("\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
