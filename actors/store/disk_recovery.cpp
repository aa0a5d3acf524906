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
};

/// Lists the sound files of a folder and moves the others away.
class sorter {
 public:
  explicit sorter(const disk_folder& folder) : folder_(&folder) {}

  caf::error run() {
    std::error_code failure;
    const auto& directory = folder_->directory();
    for (fs::directory_iterator it{directory, failure}, end;
         !failure && it != end; it.increment(failure)) {
      if (!is_folder_name(it->path().filename()) || !it->is_directory(failure))
        continue;
      if (auto fault = sort_out_folder(it->path()))
        return fault;
    }
    return failure ? file_error("list", directory, failure.value())
                   : caf::error{};
  }

  std::vector<found_file> files;
  std::uint64_t quarantined = 0;

 private:
  caf::error sort_out_folder(const fs::path& folder) {
    std::error_code failure;
    std::vector<fs::path> all;  // First all of them: we change the folder.
    for (fs::directory_iterator it{folder, failure}, end; !failure && it != end;
         it.increment(failure))
      all.push_back(it->path());
    if (failure)
      return file_error("list", folder, failure.value());
    for (const auto& file : all)
      if (auto fault = sort_out_file(file))
        return fault;
    return {};
  }

  caf::error sort_out_file(const fs::path& file) {
    if (file.extension() == chunk_file::unfinished)
      return remove_file(file);
    std::error_code failure;
    const auto name = folder_->name_of(file);
    if (name && fs::is_regular_file(fs::symlink_status(file, failure))) {
      const auto found = chunk_file::open(file);
      if (!found && found.error() == errc::io_failed)
        return found.error();
      const auto written = fs::last_write_time(file, failure);
      if (found && !failure &&
          found->header().identity == folder_->identity() &&
          found->header().chunk.hash == name->hash) {
        files.push_back(
          {folder_->describe_file(found->header().chunk, name->generation),
           written});
        return {};
      }
    }
    ++quarantined;
    return folder_->quarantine(file);
  }

  const disk_folder* folder_;
};

/// Removes files from the quarantine, those written first, until they take no
/// more than `max_bytes`.
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

/// Removes the files that recover() does not keep.
caf::error choose(const disk_folder& folder, std::uint64_t capacity_bytes,
                  std::vector<found_file> files, recovered_files& result) {
  std::ranges::sort(files, [](const auto& x, const auto& y) {
    return std::tie(x.written, x.chunk.generation) <
           std::tie(y.written, y.chunk.generation);
  });
  std::unordered_map<std::uint64_t, std::uint64_t> newest;  // By chunk.
  auto& bytes = result.used_bytes;
  for (const auto& [chunk, written] : files) {
    auto& generation = newest[chunk.record.hash];
    generation = std::max(generation, chunk.generation);
    result.next_generation =
      std::max(result.next_generation, chunk.generation + 1);
    bytes += chunk.file_bytes;
  }
  for (const auto& [chunk, written] : files) {
    // Of two files of a chunk, a recode was about to remove the older one.
    if (newest[chunk.record.hash] == chunk.generation &&
        bytes <= capacity_bytes) {
      result.chunks.push_back(chunk);
      continue;
    }
    if (auto failure = folder.remove(chunk.name()))
      return failure;
    bytes -= chunk.file_bytes;
    ++result.removed;
  }
  return {};
}

}  // namespace

caf::expected<recovered_files> recover(const disk_folder& folder,
                                       std::uint64_t capacity_bytes) {
  sorter found{folder};
  if (auto failure = found.run())
    return failure;
  recovered_files result{.quarantined = found.quarantined};
  if (auto failure =
        choose(folder, capacity_bytes, std::move(found.files), result))
    return failure;
  if (auto failure = trim_quarantine(folder, capacity_bytes))
    return failure;
  return result;
}

}  // namespace kvc
