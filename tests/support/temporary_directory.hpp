#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace kvc::test {

/// A new directory, in memory if possible, where syncing takes no time. It is
/// removed at the end with all that is in it.
class temporary_directory {
 public:
  temporary_directory() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code ignored;
    const auto base = std::filesystem::is_directory(memory, ignored)
                        ? memory
                        : std::filesystem::temp_directory_path();
    std::string name = base / "kvc_XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::vector<std::byte> bytes_in(const std::filesystem::path& file) {
  std::ifstream from{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{from}, {}};
  const auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

inline void put_bytes(const std::filesystem::path& file,
                      std::span<const std::byte> content) {
  std::ofstream to{file, std::ios::binary};
  to.write(reinterpret_cast<const char*>(content.data()),
           static_cast<std::streamsize>(content.size()));
}

/// Returns all files below `directory`, without folders, in order.
inline std::vector<std::filesystem::path> files_below(
  const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> result;
  for (const auto& x : std::filesystem::recursive_directory_iterator{directory})
    if (!x.is_directory())
      result.push_back(x.path());
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace kvc::test
