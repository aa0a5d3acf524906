#include "actors/store/chunk_file.hpp"

#include "messages/errors.hpp"
#include "net/transport/checksum.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace kvc {

namespace {

namespace fs = std::filesystem;

caf::error write_synced(const fs::path& file, std::span<const std::byte> header,
                        std::span<const std::byte> bytes) {
  const auto handle = file_handle::open(file, file_handle::mode::create);
  if (!handle)
    return handle.error();
  if (auto failure = handle->write(header))
    return failure;
  if (auto failure = handle->write(bytes))
    return failure;
  return handle->sync();
}

caf::error rename_synced(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return file_error("rename", from, errno);
  const auto folder =
    file_handle::open(to.parent_path(), file_handle::mode::read);
  return folder ? folder->sync() : folder.error();
}

}  // namespace

caf::expected<chunk_file> chunk_file::open(const fs::path& file) {
  auto handle = file_handle::open(file, file_handle::mode::read);
  if (!handle)
    return std::move(handle.error());
  const auto size = handle->size();
  if (!size)
    return size.error();
  std::vector<std::byte> begin(
    std::min<std::uint64_t>(*size, chunk_file_header::max_bytes));
  if (auto failure = handle->read(0, begin))
    return failure;
  auto header = chunk_file_header::decode(begin);
  if (!header)
    return std::move(header.error());
  if (*size != header->bytes() + header->chunk.encoded_bytes)
    return caf::make_error(errc::invalid_request,
                           file.string() + ": wrong size");
  return chunk_file{std::move(*handle), std::move(*header)};
}

caf::error chunk_file::read(std::span<std::byte> to) const {
  if (to.size() != header_.chunk.encoded_bytes)
    return caf::make_error(errc::invalid_request,
                           file_.path().string() + ": not of this size");
  if (auto failure = file_.read(header_.bytes(), to))
    return failure;
  if (checksum_of(to) != header_.payload_checksum)
    return caf::make_error(errc::invalid_request,
                           file_.path().string() + ": checksum");
  return {};
}

caf::error chunk_file::write(const fs::path& file, chunk_file_header header,
                             std::span<const std::byte> bytes) {
  header.chunk.encoded_bytes = bytes.size();
  header.payload_checksum = checksum_of(bytes);
  const auto begin = header.encode();
  if (!begin)
    return begin.error();
  auto temporary = file;
  temporary += unfinished;
  auto failure = write_synced(temporary, *begin, bytes);
  if (!failure)
    failure = rename_synced(temporary, file);
  if (failure) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    fs::remove(file, ignored);
  }
  return failure;
}

}  // namespace kvc
