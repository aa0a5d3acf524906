#include "actors/store/disk_folder.hpp"

#include "messages/errors.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace kvc {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t folder_digits = 2;
constexpr std::size_t number_digits = 16;
constexpr std::string_view suffix = ".chunk";
constexpr std::string_view quarantine_name = "quarantine";

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

/// Whether it has the name of one of the 256 folders.
bool is_folder_name(const std::string& text) {
  return text.size() == folder_digits &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
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

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(file, ignored));
}

caf::error remove_file(const fs::path& file) {
  std::error_code failure;
  fs::remove(file, failure);
  return failure ? file_error("remove", file, failure.value()) : caf::error{};
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

caf::expected<disk_folder> disk_folder::open(const fs::path& directory) {
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
  return disk_folder{std::move(path), std::move(*lock)};
}

fs::path disk_folder::path_of(const chunk_file_name& name) const {
  const auto hash = sixteen_digits(name.hash);
  auto file = directory_ / hash.substr(0, folder_digits) / hash;
  file += '-' + sixteen_digits(name.generation);
  file += suffix;
  return file;
}

caf::error disk_folder::write(const chunk_file_name& name,
                              chunk_file_header header,
                              std::span<const std::byte> bytes) const {
  const auto file = path_of(name);
  if (auto failure = make_folder(file.parent_path()))
    return failure;
  return chunk_file::write(file, std::move(header), bytes);
}

caf::error disk_folder::remove(const chunk_file_name& name) const {
  return remove_file(path_of(name));
}

caf::error disk_folder::quarantine(const fs::path& file) const {
  const auto folder = directory_ / quarantine_name;
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

caf::error disk_folder::trim_quarantine(std::uint64_t max_bytes) const {
  const auto folder = directory_ / quarantine_name;
  if (!is_there(folder))
    return {};
  std::multimap<fs::file_time_type, std::pair<fs::path, std::uint64_t>> files;
  std::uint64_t bytes = 0;
  std::error_code failure;
  for (fs::directory_iterator it{folder, failure}, end; !failure && it != end;
       it.increment(failure)) {
    if (!fs::is_regular_file(it->symlink_status(failure)))
      continue;
    const auto size = it->file_size(failure);
    files.emplace(it->last_write_time(failure), std::pair{it->path(), size});
    bytes += size;
  }
  if (failure)
    return file_error("list", folder, failure.value());
  for (auto it = files.begin(); bytes > max_bytes; ++it) {
    const auto& [file, size] = it->second;
    if (auto fault = remove_file(file))
      return fault;
    bytes -= size;
  }
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

caf::expected<disk_folder::found_files> disk_folder::sort_out(
  const disk_identity& identity) const {
  found_files result;
  std::error_code failure;
  for (fs::directory_iterator it{directory_, failure}, end;
       !failure && it != end; it.increment(failure)) {
    if (!is_folder_name(it->path().filename()) || !it->is_directory(failure))
      continue;
    if (auto fault = sort_out_folder(it->path(), identity, result))
      return fault;
  }
  if (failure)
    return file_error("list", directory_, failure.value());
  return result;
}

caf::error disk_folder::sort_out_folder(const fs::path& folder,
                                        const disk_identity& identity,
                                        found_files& result) const {
  std::error_code failure;
  std::vector<fs::path> files;  // First all of them: we change the folder.
  for (fs::directory_iterator it{folder, failure}, end; !failure && it != end;
       it.increment(failure))
    files.push_back(it->path());
  if (failure)
    return file_error("list", folder, failure.value());
  for (const auto& file : files)
    if (auto fault = sort_out_file(file, identity, result))
      return fault;
  return {};
}

caf::error disk_folder::sort_out_file(const fs::path& file,
                                      const disk_identity& identity,
                                      found_files& result) const {
  if (file.extension() == chunk_file::unfinished)
    return remove_file(file);
  std::error_code failure;
  const auto name = parse_name(file.filename().string());
  if (name && path_of(*name) == file &&
      fs::is_regular_file(fs::symlink_status(file, failure))) {
    const auto found = chunk_file::open(file);
    if (!found && found.error() == errc::io_failed)
      return found.error();
    const auto written = fs::last_write_time(file, failure);
    if (found && !failure && found->header().identity == identity &&
        found->header().chunk.hash == name->hash) {
      result.files.push_back({*name, found->header().chunk, written});
      return {};
    }
  }
  ++result.quarantined;
  return quarantine(file);
}

caf::expected<std::uint64_t> free_bytes_of(const fs::path& directory) {
  struct statvfs found {};
  if (::statvfs(directory.c_str(), &found) != 0)
    return file_error("statvfs", directory, errno);
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace kvc
