#include "actors/store/disk_folder.hpp"

#include "messages/errors.hpp"
#include "net/transport/checksum.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

namespace kvc {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t folder_digits = 2;
constexpr std::size_t number_digits = 16;
constexpr std::size_t max_model_letters = 64;
constexpr std::string_view suffix = ".chunk";

std::string sixteen_digits(std::uint64_t x) {
  std::array<char, number_digits + 1> text{};
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(x));
  return text.data();
}

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t result = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, result, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return result;
}

std::optional<chunk_file_name> parse_name(std::string_view text) {
  if (text.size() != 2 * number_digits + 1 + suffix.size())
    return std::nullopt;
  const auto hash = parse_digits(text.substr(0, number_digits));
  const auto generation =
    parse_digits(text.substr(number_digits + 1, number_digits));
  if (!hash || !generation || *generation >= chunk_file_name::generations)
    return std::nullopt;
  return chunk_file_name{*hash, *generation};
}

caf::error make_folder(const fs::path& folder) {
  std::error_code failure;
  if (!fs::create_directory(folder, failure))
    return failure ? file_error("make", folder, failure.value()) : caf::error{};
  const auto parent =
    file_handle::open(folder.parent_path(), file_handle::mode::read);
  return parent ? parent->sync() : parent.error();
}

/// Makes a folder with those above it, each of which survives a power cut.
caf::error make_folders(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored))
    return {};
  if (folder.has_relative_path())
    if (auto failure = make_folders(folder.parent_path()))
      return failure;
  return make_folder(folder);
}

/// Returns the name of an identity's folder: for people the end of the model's
/// name, for us a digest of all that `header` says.
std::string home_name(const std::string& model,
                      std::span<const std::byte> header) {
  const auto begin = model.size() - std::min(model.size(), max_model_letters);
  auto result = model.empty() ? "any" : model.substr(begin);
  for (auto& c : result)
    if (const auto byte = static_cast<unsigned char>(c);
        std::isalnum(byte) == 0 && c != '-' && c != '.')
      c = '_';
  if (result.front() == '.')
    result.front() = '_';
  return result + '-' + sixteen_digits(checksum_of(header));
}

/// Returns where a chunk's file lies below the folder of its identity.
fs::path place_below(const fs::path& folder, const chunk_file_name& name) {
  const auto hash = sixteen_digits(name.hash);
  auto file = folder / hash.substr(0, folder_digits) / hash;
  file += '-' + sixteen_digits(name.generation);
  file += suffix;
  return file;
}

caf::error unusable(const fs::path& directory, const std::string& why) {
  return caf::make_error(errc::invalid_request,
                         "disk directory " + directory.string() + ": " + why);
}

caf::error write_and_read(const fs::path& file) {
  std::array<std::byte, 4096> wanted{};
  std::array<std::byte, 4096> found{};
  wanted.fill(std::byte{0xA5});
  {
    const auto to = file_handle::open(file, file_handle::mode::create);
    if (!to)
      return to.error();
    if (auto failure = to->write(wanted))
      return failure;
    if (auto failure = to->sync())
      return failure;
  }
  const auto from = file_handle::open(file, file_handle::mode::read);
  if (!from)
    return from.error();
  if (auto failure = from->read(0, found))
    return failure;
  return found == wanted ? caf::error{} : file_error("compare", file, EIO);
}

}  // namespace

caf::expected<disk_folder> disk_folder::open(const fs::path& directory,
                                             disk_identity identity) {
  const chunk_record smallest{.raw_bytes = identity.bytes_per_token,
                              .encoded_bytes = identity.bytes_per_token,
                              .tokens = 1};
  const auto header = chunk_file_header{identity, smallest}.encode();
  if (!header)
    return header.error();
  std::error_code failure;
  auto path = fs::absolute(directory, failure);
  if (failure)
    return unusable(directory, failure.message());
  if (const auto refusal = make_folders(path))
    return unusable(directory, describe(refusal));
  path = fs::canonical(path, failure);
  if (failure)
    return unusable(directory, failure.message());
  auto lock = file_handle::open(path / "lock", file_handle::mode::lock);
  if (!lock)
    return unusable(path, describe(lock.error()));
  if (const auto refusal = lock->lock())
    return unusable(path, refusal == errc::not_ready ? "another store has it"
                                                     : describe(refusal));
  auto home = path / home_name(identity.model, *header);
  return disk_folder{std::move(path), std::move(home), std::move(identity),
                     header->size(), std::move(*lock)};
}

fs::path disk_folder::path_of(const chunk_file_name& name) const {
  return place_below(home_, name);
}

std::optional<chunk_file_name> disk_folder::name_of(
  const fs::path& file) const {
  const auto name = parse_name(file.filename().string());
  const auto folder = file.parent_path().parent_path();
  return name && place_below(folder, *name) == file ? name : std::nullopt;
}

bool disk_folder::is_home(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name.size() > number_digits + 1 &&
         name[name.size() - number_digits - 1] == '-' &&
         parse_digits(
           std::string_view{name}.substr(name.size() - number_digits));
}

disk_chunk disk_folder::describe_file(const chunk_record& chunk,
                                      std::uint64_t generation) const {
  return {chunk, generation, header_bytes_ + chunk.encoded_bytes};
}

caf::error disk_folder::write(const disk_chunk& chunk,
                              std::span<const std::byte> bytes) const {
  const auto file = path_of(chunk.name());
  if (auto failure = make_folders_for(file))
    return failure;
  return chunk_file::write(file, {identity_, chunk.record}, bytes);
}

caf::error disk_folder::adopt(const chunk_file_name& old,
                              const chunk_file_name& name) const {
  const auto file = path_of(name);
  if (auto failure = make_folders_for(file))
    return failure;
  // A power cut may leave it where it was: the next start finds it there.
  const auto from = place_below(directory_, old);
  std::error_code failure;
  fs::rename(from, file, failure);
  if (failure)
    return file_error("rename", from, failure.value());
  fs::remove(from.parent_path(), failure);  // If it was the last one there.
  return {};
}

caf::error disk_folder::make_folders_for(const fs::path& file) const {
  if (auto failure = make_folder(home_))
    return failure;
  return make_folder(file.parent_path());
}

caf::error disk_folder::read(const disk_chunk& chunk,
                             std::span<std::byte> raw) const {
  const auto file = chunk_file::open(path_of(chunk.name()));
  if (!file)
    return file.error();
  const auto& header = file->header();
  if (header.identity != identity_ || header.chunk != chunk.record)
    return caf::make_error(errc::invalid_request, "another chunk's file");
  if (chunk.record.codec == codec_id::none)
    return file->read(raw);
  std::vector<std::byte> encoded(chunk.record.encoded_bytes);
  if (auto failure = file->read(encoded))
    return failure;
  return decode(chunk.record.codec, encoded, raw);
}

caf::error disk_folder::remove(const chunk_file_name& name) const {
  return remove_file(path_of(name));
}

fs::path disk_folder::quarantine_directory() const {
  return directory_ / "quarantine";
}

caf::error disk_folder::quarantine(const fs::path& file) const {
  const auto folder = quarantine_directory();
  if (auto failure = make_folder(folder))
    return failure;
  auto target = folder / file.filename();
  for (int i = 1; is_there(target); ++i)
    target.replace_filename(file.filename().string() + '.' + std::to_string(i));
  std::error_code failure;
  fs::rename(file, target, failure);
  if (failure && is_there(file))
    return file_error("quarantine", file, failure.value());
  return {};
}

caf::error disk_folder::probe() const {
  const auto file = directory_ / "probe";
  if (auto failure = remove_file(file))  // One that was left behind.
    return failure;
  auto fault = write_and_read(file);
  auto failure = remove_file(file);
  return fault ? fault : failure;
}

caf::expected<std::uint64_t> free_bytes_of(const fs::path& directory) {
  struct statvfs found {};
  if (::statvfs(directory.c_str(), &found) != 0)
    return file_error("statvfs", directory, errno);
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace kvc
