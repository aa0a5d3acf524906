#include "actors/store/disk_recovery.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <map>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace kvc {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t folder_digits = 2;

/// Whether it has the name of one of the 256 folders.
bool is_folder_name(const std::string& text) {
  return text.size() == folder_digits &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

struct found_file {
  disk_chunk chunk;
  fs::file_time_type written;
  fs::path path;
};

/// Returns all that is in a folder.
caf::expected<std::vector<fs::path>> list(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::path> result;
  for (fs::directory_iterator it{folder, failure}, end; !failure && it != end;
       it.increment(failure))
    result.push_back(it->path());
  if (failure)
    return file_error("list", folder, failure.value());
  return result;
}

/// Sorts out the chunk files below a folder, and changes nothing.
class sorter {
 public:
  /// Below the home of `folder`, or else in its directory itself, where sound
  /// files may be of other identities.
  sorter(const disk_folder& folder, bool is_home)
      : folder_(&folder), is_home_(is_home) {}

  caf::error run() {
    const auto top = is_home_ ? folder_->home() : folder_->directory();
    if (!is_there(top))  // No file was written yet.
      return {};
    const auto all = list(top);
    if (!all)
      return all.error();
    std::error_code ignored;
    for (const auto& each : *all)
      if (is_folder_name(each.filename()) && fs::is_directory(each, ignored))
        if (auto fault = sort_out_folder(each))
          return fault;
    return {};
  }

  std::vector<found_file> files;
  std::vector<fs::path> unfinished;
  std::vector<fs::path> damaged;
  std::uint64_t foreign_files = 0;
  std::uint64_t foreign_bytes = 0;

 private:
  caf::error sort_out_folder(const fs::path& folder) {
    const auto all = list(folder);
    if (!all)
      return all.error();
    for (const auto& file : *all)
      if (auto fault = sort_out_file(file))
        return fault;
    return {};
  }

  caf::error sort_out_file(const fs::path& file) {
    if (file.extension() == chunk_file::unfinished) {
      unfinished.push_back(file);
      return {};
    }
    std::error_code failure;
    const auto name = folder_->name_of(file);
    if (!name || !fs::is_regular_file(fs::symlink_status(file, failure))) {
      damaged.push_back(file);
      return {};
    }
    const auto found = chunk_file::open(file);
    if (!found && found.error() == errc::io_failed)
      return found.error();
    const auto written = fs::last_write_time(file, failure);
    const auto is_whole =
      found && !failure && found->header().chunk.hash == name->hash;
    if (is_whole && found->header().identity == folder_->identity())
      files.push_back(
        {folder_->describe_file(found->header().chunk, name->generation),
         written, file});
    else if (is_whole && !is_home_)
      note_foreign(found->header());
    else
      damaged.push_back(file);
    return {};
  }

  void note_foreign(const chunk_file_header& header) {
    ++foreign_files;
    foreign_bytes += header.bytes() + header.chunk.encoded_bytes;
  }

  const disk_folder* folder_;
  bool is_home_;
};

/// Chooses what is kept; the rest is surplus.
recovered_files choose(sorter found, std::uint64_t capacity_bytes) {
  recovered_files result{.surplus = std::move(found.unfinished),
                         .damaged = std::move(found.damaged)};
  auto& files = found.files;
  std::ranges::sort(files, [](const auto& x, const auto& y) {
    return std::tie(x.written, x.chunk.generation) <
           std::tie(y.written, y.chunk.generation);
  });
  std::unordered_map<std::uint64_t, std::uint64_t> newest;  // By chunk.
  auto& bytes = result.used_bytes;
  for (const auto& file : files) {
    auto& generation = newest[file.chunk.record.hash];
    generation = std::max(generation, file.chunk.generation);
    result.next_generation =
      std::max(result.next_generation, file.chunk.generation + 1);
    bytes += file.chunk.file_bytes;
  }
  for (const auto& file : files) {
    // Of two files of a chunk, a recode was about to remove the older one.
    if (newest[file.chunk.record.hash] == file.chunk.generation &&
        bytes <= capacity_bytes) {
      result.chunks.push_back(file.chunk);
      continue;
    }
    bytes -= file.chunk.file_bytes;
    result.surplus.push_back(file.path);
  }
  return result;
}

caf::expected<other_files> count_files(const fs::path& home) {
  other_files result{.folder = home};
  std::error_code failure;
  for (fs::recursive_directory_iterator it{home, failure}, end;
       !failure && it != end; it.increment(failure))
    if (it->is_regular_file(failure)) {
      ++result.files;
      result.bytes += it->file_size(failure);
    }
  if (failure)
    return file_error("list", home, failure.value());
  return result;
}

}  // namespace

caf::expected<recovered_files> recover(const disk_folder& folder,
                                       std::uint64_t capacity_bytes) {
  sorter found{folder, true};
  if (auto failure = found.run())
    return failure;
  return choose(std::move(found), capacity_bytes);
}

caf::expected<earlier_files> recover_earlier(const disk_folder& folder,
                                             std::uint64_t capacity_bytes) {
  sorter found{folder, false};
  if (auto failure = found.run())
    return failure;
  other_files others{folder.directory(), found.foreign_files,
                     found.foreign_bytes};
  return earlier_files{choose(std::move(found), capacity_bytes),
                       std::move(others)};
}

caf::error tidy(const disk_folder& folder, const recovered_files& found) {
  for (const auto& file : found.surplus)
    if (auto failure = remove_file(file))
      return failure;
  for (const auto& file : found.damaged)
    if (auto failure = folder.quarantine(file))
      return failure;
  return {};
}

caf::error trim_quarantine(const disk_folder& from, std::uint64_t max_bytes) {
  const auto folder = from.quarantine_directory();
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

caf::expected<std::vector<other_files>> files_of_others(
  const disk_folder& folder) {
  const auto all = list(folder.directory());
  if (!all)
    return all.error();
  std::vector<other_files> result;
  std::error_code ignored;
  for (const auto& each : *all) {
    if (!disk_folder::is_home(each) || each == folder.home() ||
        !fs::is_directory(fs::symlink_status(each, ignored)))
      continue;
    auto counted = count_files(each);
    if (!counted)
      return std::move(counted.error());
    result.push_back(std::move(*counted));
  }
  return result;
}

}  // namespace kvc
