#include "apps/workload/journal.hpp"

#include "messages/errors.hpp"

#include <array>
#include <charconv>

namespace kvc {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10U;
constexpr std::size_t longest_number = 32;

}  // namespace

/// The journal of one worker.
class journal::worker_listener final : public membership_listener {
 public:
  worker_listener(journal& log, const worker_id& id, membership_listener* next)
      : log_(log), name_(to_string(id)), next_(next) {}

  void chunks_admitted(location where,
                       std::span<const std::uint64_t> hashes) override {
    log_.append('A', where, hashes, name_);
    if (next_ != nullptr)
      next_->chunks_admitted(where, hashes);
  }

  void chunks_evicted(location where,
                      std::span<const std::uint64_t> hashes) override {
    log_.append('E', where, hashes, name_);
    if (next_ != nullptr)
      next_->chunks_evicted(where, hashes);
  }

 private:
  journal& log_;
  std::string name_;
  membership_listener* next_;
};

caf::expected<std::unique_ptr<journal>> journal::open(
  const std::filesystem::path& path) {
  std::error_code ignored;  // A missing directory shows when opening.
  std::filesystem::create_directories(path.parent_path(), ignored);
  std::unique_ptr<journal> result{new journal{path}};
  if (!result->file_)
    return caf::make_error(errc::invalid_request,
                           "cannot write journal " + path.string());
  return result;
}

journal::journal(const std::filesystem::path& path)
    : file_(path, std::ios::out) {
  buffer_.reserve(buffer_bytes);
}

journal::~journal() { write(); }

std::unique_ptr<membership_listener> journal::listener(
  const worker_id& id, membership_listener* next) {
  const std::lock_guard guard{mutex_};
  buffer_ += "W " + to_string(id) + '\n';
  return std::make_unique<worker_listener>(*this, id, next);
}

bool journal::flush() {
  const std::lock_guard guard{mutex_};
  write();
  file_.flush();
  return file_.good();
}

void journal::append(char sign, location where,
                     std::span<const std::uint64_t> hashes,
                     std::string_view worker) {
  const std::lock_guard guard{mutex_};
  std::array<char, longest_number> line{sign, ' '};
  for (const auto hash : hashes) {
    auto* const end = line.data() + line.size();
    auto* at =
      std::to_chars(line.data() + 2, end, static_cast<unsigned>(where)).ptr;
    *at++ = ' ';
    at = std::to_chars(at, end, hash).ptr;
    *at++ = ' ';
    buffer_.append(line.data(), at);
    buffer_.append(worker);
    buffer_ += '\n';
    if (buffer_.size() + longest_number + worker.size() > buffer_bytes)
      write();
  }
}

void journal::write() {
  file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
}

}  // namespace kvc
