#include "ext/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

constexpr size_t kBuffer = size_t{1} << 18;

// The process's descriptor that a path names. It is read itself, since to open the path again would
// begin at the front of a file, need the right to open it, and not work for every kind.
std::optional<int> DescriptorOf(std::string_view path) {
  if (path == "/dev/stdin") return 0;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const char* const end = path.data() + path.size();
    int n;
    const auto [at, error] = std::from_chars(path.data() + folder.size(), end, n);
    if (error == std::errc() && at == end && n >= 0) return n;
  }
  return std::nullopt;
}

const char* KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISBLK(mode)) return "a block device";
  if (S_ISCHR(mode)) return "a character device";
  return "of an unknown kind";
}

}  // namespace

LineReader::LineReader(const std::string& path, const LineLimits& limits, Poller* poller)
    : path_(path), limits_(limits), poller_(poller) {
  buffer_.resize(kBuffer);
  try {
    Open();
  } catch (...) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

LineReader::~LineReader() { ::close(file_); }

uint64_t LineReader::total() const { return std::max(total_, read_); }

void LineReader::Fail(int code, const std::string& why) const {
  throw SqlError(code, "memkv: cannot read " + Shown(path_, kMostPath) + ": " + why);
}

void LineReader::CheckKind(unsigned mode) const {
  if (S_ISREG(mode) || S_ISFIFO(mode)) return;
  const std::string kind = file_ >= 0 && ::isatty(file_) ? "a terminal" : KindOf(mode);
  Fail(SQLITE_CANTOPEN, "it is " + kind + " (allowed: a regular file, a pipe, a FIFO)");
}

void LineReader::Open() {
  struct stat s;
  if (const std::optional<int> descriptor = DescriptorOf(path_)) {
    file_ = ::fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
    if (file_ < 0) Fail(SQLITE_CANTOPEN, "the descriptor is not open");
    if ((::fcntl(file_, F_GETFL) & O_ACCMODE) == O_WRONLY)
      Fail(SQLITE_CANTOPEN, "the descriptor is open for writing only");
  } else {
    // Looked at before it is opened, which means something to a device; and without waiting for
    // somebody to write to a FIFO.
    if (::stat(path_.c_str(), &s) != 0) Fail(SQLITE_CANTOPEN, std::strerror(errno));
    CheckKind(s.st_mode);
    file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file_ < 0) Fail(SQLITE_CANTOPEN, std::strerror(errno));
  }
  if (::fstat(file_, &s) != 0) Fail(SQLITE_CANTOPEN, std::strerror(errno));
  CheckKind(s.st_mode);
  waits_ = !S_ISREG(s.st_mode);
  if (!waits_) total_ = static_cast<uint64_t>(s.st_size);
}

void LineReader::CheckLength(size_t n) const {
  const char* const from = buffer_.data() + begin_;
  const bool long_key =
      n > limits_.key_bytes && std::memchr(from, '\t', limits_.key_bytes + 1) == nullptr;
  if (n <= limits_.line_bytes && !long_key) return;
  throw SqlError(SQLITE_TOOBIG,
                 "memkv: " + Shown(path_, kMostPath) + ": line " + std::to_string(number_ + 1) +
                     (long_key ? ": a key of over " + std::to_string(limits_.key_bytes)
                               : " has over " + std::to_string(limits_.line_bytes)) +
                     " bytes, nothing was imported");
}

bool LineReader::Next(Bytes* line) {
  size_t searched = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    const char* const end =
        static_cast<const char*>(std::memchr(from + searched, '\n', end_ - begin_ - searched));
    size_t n = end ? static_cast<size_t>(end - from) : end_ - begin_;
    if (end == nullptr && !ended_) {
      searched = n;
      if (n > 0) CheckLength(n - (from[n - 1] == '\r'));
      Fill();
      continue;
    }
    if (end == nullptr && n == 0) return false;
    const size_t taken = n + (end ? 1 : 0);
    if (n > 0 && from[n - 1] == '\r') --n;
    CheckLength(n);
    *line = Bytes(from, n);
    begin_ += taken;
    ++number_;
    return true;
  }
}

// A FIFO that nobody has opened for writing yet is not readable; one that all have closed is.
void LineReader::Wait() {
  constexpr int kMilliseconds = 20;
  for (;;) {
    poller_->Check();
    pollfd readable = {file_, POLLIN, 0};
    const int n = ::poll(&readable, 1, kMilliseconds);
    if (n > 0) return;
    if (n < 0 && errno != EINTR) Fail(SQLITE_IOERR, std::strerror(errno));
  }
}

void LineReader::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  // The line is within its limits, so that a buffer of a little more holds what would break them.
  if (end_ == buffer_.size())
    buffer_.resize(std::min(2 * buffer_.size(), limits_.line_bytes + kBuffer));
  for (;;) {
    if (waits_) {
      Wait();
    } else {
      poller_->Check();
    }
    const ssize_t n = ::read(file_, buffer_.data() + end_, buffer_.size() - end_);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) Fail(SQLITE_IOERR, std::strerror(errno));
    end_ += static_cast<size_t>(n);
    read_ += static_cast<uint64_t>(n);
    ended_ = n == 0;
    return;
  }
}

}  // namespace memkv::sql
