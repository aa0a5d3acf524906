#include "apps/node/journal.hpp"

#include "messages/errors.hpp"

#include <array>
#include <charconv>

namespace kvc {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10U;
constexpr std::size_t longest_line = 32;

caf::error cannot_write(const std::filesystem::path& file) {
  return caf::make_error(errc::invalid_request,
                         "cannot write journal " + file.string());
}

}  // namespace

caf::expected<std::unique_ptr<journal>> journal::open(
  const std::filesystem::path& directory, const worker_id& id,
  membership_listener* next) {
  const auto name = id.instance + '-' + std::to_string(id.rank) + ".journal";
  const auto path = directory / name;
  if (name.find('/') != std::string::npos)
    return cannot_write(path);
  std::error_code ignored;  // A missing directory shows when opening.
  std::filesystem::create_directories(directory, ignored);
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  if (!file)
    return cannot_write(path);
  return std::unique_ptr<journal>{new journal{std::move(file), next}};
}

journal::journal(std::ofstream file, membership_listener* next)
    : file_(std::move(file)), next_(next) {
  buffer_.reserve(buffer_bytes);
}

journal::~journal() { write(); }

void journal::chunks_admitted(location where,
                              std::span<const std::uint64_t> hashes) {
  append('A', where, hashes);
  if (next_ != nullptr)
    next_->chunks_admitted(where, hashes);
}

void journal::chunks_evicted(location where,
                             std::span<const std::uint64_t> hashes) {
  append('E', where, hashes);
  if (next_ != nullptr)
    next_->chunks_evicted(where, hashes);
}

bool journal::flush() {
  const std::lock_guard guard{mutex_};
  write();
  file_.flush();
  return file_.good();
}

void journal::append(char sign, location where,
                     std::span<const std::uint64_t> hashes) {
  const std::lock_guard guard{mutex_};
  std::array<char, longest_line> line{sign, ' '};
  for (const auto hash : hashes) {
    auto* const end = line.data() + line.size();
    auto* at =
      std::to_chars(line.data() + 2, end, static_cast<unsigned>(where)).ptr;
    *at++ = ' ';
    at = std::to_chars(at, end, hash).ptr;
    *at++ = '\n';
    buffer_.append(line.data(), at);
    if (buffer_.size() + line.size() > buffer_bytes)
      write();
  }
}

void journal::write() {
  file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
}

}  // namespace kvc
