#pragma once

#include <fcntl.h>
#include <ext/stdio_filebuf.h>

#include <filesystem>
#include <istream>

namespace kvc {

/// A file stream. Unlike those of std::fstream, its file is not inherited by
/// the children of this process.
class private_file : public std::iostream {
 public:
  /// Opens a file to read it from its beginning, or with std::ios::out to write
  /// it anew. It is bad if that fails.
  private_file(const std::filesystem::path& path, std::ios::openmode mode)
      : std::iostream(nullptr),
        buffer_(::open(path.c_str(),
                       O_CLOEXEC | ((mode & std::ios::out) != 0
                                      ? O_WRONLY | O_CREAT | O_TRUNC
                                      : O_RDONLY),
                       0666),
                mode | std::ios::binary) {
    if (buffer_.is_open())
      rdbuf(&buffer_);
  }

 private:
  __gnu_cxx::stdio_filebuf<char> buffer_;
};

}  // namespace kvc
